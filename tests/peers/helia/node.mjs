// A Helia node as a line server: one JSON request a line in, one JSON answer a line out. Its options
// are the first argument, {gateways}: the trustless HTTP gateways that it may fetch from. It gives
// blocks by bitswap, and by a trustless HTTP gateway, for which @helia/verified-fetch answers.
// Everything is on loopback; there is no routing, no bootstrap and no discovery.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { unixfs } from '@helia/unixfs'
import { createVerifiedFetch } from '@helia/verified-fetch'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createHelia } from 'helia'
import { CID } from 'multiformats/cid'

const { gateways } = JSON.parse(process.argv[2])
const LOCAL = { allowInsecure: true, allowLocal: true }

const helia = await createHelia({
  libp2p: {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    peerDiscovery: [],
    services: { identify: identify() }
  },
  http: { delegatedRouters: [], recursiveGateways: gateways, ...LOCAL }
}).start()
const fs = unixfs(helia)
const verifiedFetch = await createVerifiedFetch(helia)

async function serve (request, response) {
  try {
    // Without routing a session would wait for providers for ever.
    const answer = await verifiedFetch(`ipfs://${request.url.slice('/ipfs/'.length)}`, {
      session: false,
      headers: { accept: request.headers.accept ?? '*/*' },
      signal: AbortSignal.timeout(60_000)
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    answer.body == null ? response.end() : Readable.fromWeb(answer.body).pipe(response)
  } catch (error) {
    response.headersSent ? response.destroy() : response.writeHead(504).end(String(error))
  }
}
const server = createServer(serve)
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))

async function * files (folder) {
  for (const name of await readdir(folder)) {
    yield { path: name, content: await readFile(join(folder, name)) }
  }
}

const commands = {
  async connect ({ address }) {
    await helia.libp2p.dial(multiaddr(address))
    return {}
  },
  // Fetch and keep every block under a root; Helia hashes each one before it keeps it.
  async pin ({ cid, within_ms: within = 90_000 }) {
    const blocks = new Set()
    if (await helia.pins.isPinned(CID.parse(cid))) {
      return { blocks: 0 }
    }
    for await (const block of helia.pins.add(CID.parse(cid), { signal: AbortSignal.timeout(within) })) {
      blocks.add(block.toString())
    }
    return { blocks: blocks.size }
  },
  // The whole of a file, or the names in a folder, from what is kept here alone.
  async read ({ cid, path }) {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of fs.cat(CID.parse(cid), { path, offline: true })) {
      hash.update(chunk)
      size += chunk.byteLength
    }
    return { size, sha256: hash.digest('hex') }
  },
  async list ({ cid }) {
    const names = []
    for await (const entry of fs.ls(CID.parse(cid), { offline: true })) {
      names.push(entry.name)
    }
    return { names }
  },
  // Add a file or a folder of files by a profile of the importer, and pin it.
  async add ({ path, profile }) {
    let root
    if ((await stat(path)).isDirectory()) {
      for await (const entry of fs.addAll(files(path), { profile, wrapWithDirectory: true })) {
        root = entry.cid
      }
    } else {
      root = await fs.addBytes(await readFile(path), { profile })
    }
    return { cid: root.toString() }
  },
  async unpin ({ cid }) {
    for await (const _ of helia.pins.rm(CID.parse(cid))) { /* as it goes */ }
    await helia.gc()
    return {}
  }
}

const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
say({
  version: `${helia.info.name} ${helia.info.version}`,
  gateway: `http://127.0.0.1:${server.address().port}`,
  addresses: helia.libp2p.getMultiaddrs().map(String)
})
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...request } = JSON.parse(line)
  try {
    say(await commands[command](request))
  } catch (error) {
    say({ error: String(error?.stack ?? error) })
  }
}
process.exit(0)
