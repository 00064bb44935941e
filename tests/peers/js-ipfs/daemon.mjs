// js-ipfs 0.66.1 with its RPC, and bitswap, on loopback; its repository is in the folder of the
// first argument. There is no routing, no bootstrap and no discovery. Ends when its input does.
import { readFileSync } from 'node:fs'
import { create } from 'ipfs-core'
import { HttpApi } from 'ipfs-http-server'

const node = await create({
  repo: process.argv[2],
  silent: true,
  init: { algorithm: 'Ed25519', emptyRepo: true },
  preload: { enabled: false },
  EXPERIMENTAL: { ipnsPubsub: false },
  config: {
    Addresses: {
      Swarm: ['/ip4/127.0.0.1/tcp/0'],
      API: '/ip4/127.0.0.1/tcp/0',
      Gateway: '',
      Delegates: []
    },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
    Swarm: { DisableNatPortMap: true },
    Pubsub: { Enabled: false },
    Routing: { Type: 'none' }
  }
})
const api = new HttpApi(node)
await api.start()
const { version } = JSON.parse(readFileSync('node_modules/ipfs-core/package.json'))
const { id, addresses } = await node.id()
const { port } = api._apiServers[0].info
process.stdout.write(JSON.stringify({
  version: `js-ipfs (ipfs-core ${version})`,
  url: `http://127.0.0.1:${port}`,
  addresses: addresses.map(String),
  id: id.toString()
}) + '\n')
process.stdin.on('end', () => process.exit(0)).resume()
