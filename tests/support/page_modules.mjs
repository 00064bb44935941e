// The pure modules of the pages as a line server: one JSON request a line in, one answer a line out.
// Request: {call: [module, function], arguments}; bytes are written as {base64}, also in answers.
import { createInterface } from 'node:readline'

const STATIC = new URL('../../pfpkit/profile/static/', import.meta.url)

function read (value) {
  return value?.base64 === undefined ? value : new Uint8Array(Buffer.from(value.base64, 'base64'))
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const { call: [module, name], arguments: given } = JSON.parse(line)
    const { [name]: called } = await import(new URL(module, STATIC))
    answer = { value: await called(...given.map(read)) ?? null }
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` }
  }
  console.log(JSON.stringify(answer, (_, value) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value))
}
