// Compiles mutants: a line of JSON in, a line of JSON out. The first line is the standard input and
// the contract; each other line replaces one source. Answers with the creation code, or why not.
const solc = require(process.argv[2])
const lines = require('readline').createInterface({ input: process.stdin })
let input, file, contract

lines.on('line', (line) => {
  const asked = JSON.parse(line)
  if (!input) {
    ({ input, file, contract } = asked)
    return
  }
  const sources = { ...input.sources, [asked.file]: { content: asked.content } }
  const output = JSON.parse(solc.compile(JSON.stringify({ ...input, sources })))
  const error = (output.errors || []).find((found) => found.severity === 'error')
  const answer = error ? { error: error.formattedMessage } : { code: output.contracts[file][contract].evm.bytecode.object }
  process.stdout.write(JSON.stringify(answer) + '\n')
})
