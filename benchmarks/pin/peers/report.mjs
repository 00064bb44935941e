// Runs the task that the command line names, and prints its seconds and its CID as one JSON line.
export async function report (tasks) {
  const [task, ...paths] = process.argv.slice(2)
  const begin = performance.now()
  const root = await tasks[task](...paths)
  const seconds = (performance.now() - begin) / 1000
  console.log(JSON.stringify({ seconds, root: root.toString() }))
}
