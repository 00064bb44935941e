// npm's mock-ipfs-pinning-service on loopback, with a line server beside it: one JSON request a line
// in, one JSON answer a line out, for whoever plays the part that fetches. Its options are the first
// argument, {token, delegates}. Its state is replaced and never changed, as its README asks.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
const { setup } = require('mock-ipfs-pinning-service')
const { version } = JSON.parse(readFileSync('node_modules/mock-ipfs-pinning-service/package.json'))
const { token, delegates } = JSON.parse(process.argv[2])

const service = await setup({ token, delegates: delegates.join(','), loglevel: 'error' })
const server = service.listen(0, '127.0.0.1')
await new Promise(resolve => server.on('listening', resolve))

function change (edit) {
  const pins = new Map(service.locals.state.pins)
  edit(pins)
  service.locals.state = { ...service.locals.state, pins }
  return {}
}

const commands = {
  pins: () => ({
    pins: [...service.locals.state.pins.values()].map(({ requestid, status, pin }) => ({ requestid, status, pin }))
  }),
  put: ({ requestid, cid, status }) => change(pins => {
    const created = pins.get(cid)?.created ?? new Date().toISOString()
    const pin = pins.get(cid)?.pin ?? { cid }
    const info = status === 'failed' ? { status_details: 'no provider found' } : {}
    pins.set(cid, { requestid, status, created, pin, delegates: service.locals.state.delegates, info })
  }),
  forget: ({ cid }) => change(pins => cid == null ? pins.clear() : pins.delete(cid))
}

const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
say({
  version: `mock-ipfs-pinning-service ${version}`,
  url: `http://127.0.0.1:${server.address().port}`
})
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...request } = JSON.parse(line)
  say(commands[command](request))
}
process.exit(0)
