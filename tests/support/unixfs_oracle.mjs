// The reference UnixFS importer as a line server: one JSON request a line in, one answer a line out.
// Request: {options, tree} with the importer's options and tree {dir: {name: tree}} or {size, seed};
// answer: {cid, size}.
// Also {murmur: name} -> {hash}, the 64 bits by which a HAMT places a name.
import { createInterface } from 'node:readline'
import { murmur3128 } from '@multiformats/murmur3'
import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { importBytes, importDirectory, importer } from 'ipfs-unixfs-importer'

const store = new BlackHoleBlockstore()

// The same bytes as `content` in trees.py.
function content ({ size, seed }) {
  const tile = Uint8Array.from({ length: 251 }, (_, i) => (i * 7 + seed) & 255)
  return size === 0 ? new Uint8Array(0) : Buffer.alloc(size, tile)
}

function * candidates (tree, path) {
  if (tree.dir == null) {
    yield { path, content: content(tree) }
    return
  }
  const entries = Object.entries(tree.dir)
  if (entries.length === 0) {
    yield { path }
  }
  for (const [name, child] of entries) {
    yield * candidates(child, path === '' ? name : `${path}/${name}`)
  }
}

async function answer ({ options, tree, murmur }) {
  if (murmur != null) {
    const hash = await murmur3128.encode(new TextEncoder().encode(murmur))
    return { hash: Buffer.from(hash.subarray(0, 8)).toString('hex') }
  }
  if (tree.dir == null) {
    const { cid, size } = await importBytes(content(tree), store, { ...options })
    return { cid: cid.toString(), size: Number(size) }
  }
  if (Object.keys(tree.dir).length === 0) {
    const { cid, size } = await importDirectory({ path: 'empty' }, store, { ...options })
    return { cid: cid.toString(), size: Number(size) }
  }
  let root
  for await (const entry of importer(candidates(tree, ''), store, { ...options, wrapWithDirectory: true })) {
    root = entry
  }
  return { cid: root.cid.toString(), size: Number(root.size) }
}

for await (const line of createInterface({ input: process.stdin })) {
  let result
  try {
    result = await answer(JSON.parse(line))
  } catch (error) {
    result = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(result) + '\n')
}
