// @helia/verified-fetch and viem: owner and token URI of each token at one block, its metadata and its
// picture, both verified, from the same gateway. Prints one JSON line as benchmarks.resolve.client
// does. Helia has no transport and no routing: it asks the gateway alone.
import { createVerifiedFetchWithHelia } from '@helia/verified-fetch'
import { createHelia } from 'helia'
import { createPublicClient, http, parseAbi } from 'viem'

const { rpc, gateway, contract, tokens, at_once: atOnce, each } = JSON.parse(process.argv[2])
const abi = parseAbi([
  'function ownerOf(uint256) view returns (address)',
  'function tokenURI(uint256) view returns (string)'
])

async function read (ids) {
  const client = createPublicClient({ transport: http(rpc, { batch: { batchSize: 500, wait: 0 } }) })
  const { hash: blockHash } = await client.getBlock()
  const view = (functionName, id) =>
    client.readContract({ address: contract, abi, functionName, args: [BigInt(id)], blockHash })
  return Promise.all(ids.map(id => Promise.all([view('ownerOf', id), view('tokenURI', id)])))
}

async function resolve (ids) {
  const helia = await createHelia({
    libp2p: { addresses: { listen: [] }, transports: [], peerDiscovery: [], services: {} },
    http: { delegatedRouters: [], recursiveGateways: [gateway], allowInsecure: true, allowLocal: true }
  }).start()
  const verifiedFetch = await createVerifiedFetchWithHelia(helia)
  const queue = (await read(ids)).values()
  let size = 0
  async function work () {
    for (const [owner, uri] of queue) {
      const metadata = await (await fetched(uri)).json()
      const picture = await (await fetched(metadata.image)).arrayBuffer()
      if (!owner || !metadata.name) throw new Error(`${uri}: no token`)
      size += picture.byteLength
    }
  }
  // Without routing a session would look for more providers.
  async function fetched (uri) {
    const answer = await verifiedFetch(uri, { session: false })
    if (!answer.ok) throw new Error(`${uri}: ${answer.status}`)
    return answer
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await helia.stop()
  return size
}

async function once (ids) {
  const begin = performance.now()
  const used = process.cpuUsage()
  const bytes = await resolve(ids)
  const { user, system } = process.cpuUsage(used)
  return { seconds: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6, bytes }
}

let said
if (each) {
  const runs = []
  for (let id = 1; id <= each; id++) runs.push(await once([id]))
  const later = runs.slice(1)
  const seconds = later.map(run => run.seconds).sort((a, b) => a - b)[Math.floor(later.length / 2)]
  const cpu = later.reduce((sum, run) => sum + run.cpu, 0) / later.length
  said = { seconds, cpu, first: runs[0].seconds, bytes: runs.reduce((sum, run) => sum + run.bytes, 0) }
} else {
  said = await once(Array.from({ length: tokens }, (_, n) => n + 1))
}
console.log(JSON.stringify(said))
process.exit(0)
