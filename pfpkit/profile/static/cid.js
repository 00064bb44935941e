// The CIDs of a file and of a token's bundle, computed in the browser: what pfpkit.unixfs and
// pfpkit.bundle compute, by the profile unixfs-v1-2025 of IPIP-0499 (chunks of 1 MiB, 1024 links a
// node, raw leaves, sha2-256). It trusts nothing and fetches nothing.
import { canonicalBytes } from './canonical.js'

const CHUNK_BYTES = 2 ** 20
const WIDTH = 1024
const RAW = 0x55
const DAG_PB = 0x70
const DIRECTORY = Uint8Array.of(0x08, 1)

/**
 * A finished DAG: `cid` is its text, `digest` the 32 bytes in it, `tsize` the bytes of all its
 * blocks, and `size` the bytes of the file in it.
 * @typedef {{cid: string, binary: Uint8Array, digest: Uint8Array, tsize: number, size: number}} Entry
 */

/** The DAG of a file's bytes. @returns {Promise<Entry>} */
export async function fileOf (bytes) {
  let level = []
  for (let at = 0; at === 0 || at < bytes.length; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + CHUNK_BYTES)
    level.push(await entryOf(RAW, chunk, chunk.length, chunk.length))
  }
  while (level.length > 1) {
    const parents = []
    for (let at = 0; at < level.length; at += WIDTH) {
      parents.push(await fileNode(level.slice(at, at + WIDTH)))
    }
    level = parents
  }
  return level[0]
}

/**
 * The bundle of a token: a directory of `image` and `metadata.json`, whose digest the contract keeps.
 * `fields` are those of the token's metadata, without `image`; a field that is null or empty is left
 * out, as pfpkit.metadata does.
 */
export async function bundleOf (imageBytes, fields) {
  const image = await fileOf(imageBytes)
  const metadataBytes = canonicalBytes({ ...present(fields), image: `ipfs://${image.cid}` })
  const metadata = await fileOf(metadataBytes)
  // The names in the order of their bytes, as UnixFS sorts a directory.
  const links = [['image', image], ['metadata.json', metadata]]
  const root = await nodeOf(links, DIRECTORY, image.size + metadata.size)
  return { root, image, metadata, metadataBytes }
}

/** Bytes as 0x and hexadecimal digits. */
export function hex (bytes) {
  return '0x' + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function present (fields) {
  const empty = (value) => value == null || value === '' || (Array.isArray(value) && !value.length)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !empty(value)))
}

async function fileNode (children) {
  const size = children.reduce((sum, child) => sum + child.size, 0)
  const blocksizes = children.flatMap((child) => [0x20, ...varint(child.size)])
  const data = Uint8Array.from([0x08, 2, 0x18, ...varint(size), ...blocksizes])
  return nodeOf(children.map((child) => ['', child]), data, size)
}

/** A DAG-PB node: its links, then its data. */
async function nodeOf (links, data, size) {
  const parts = []
  for (const [name, entry] of links) {
    const text = new TextEncoder().encode(name)
    const body = [
      0x0a, ...varint(entry.binary.length), ...entry.binary,
      0x12, ...varint(text.length), ...text,
      0x18, ...varint(entry.tsize)
    ]
    parts.push(0x12, ...varint(body.length), ...body)
  }
  const block = Uint8Array.from([...parts, 0x0a, ...varint(data.length), ...data])
  const below = links.reduce((sum, [, entry]) => sum + entry.tsize, 0)
  return entryOf(DAG_PB, block, block.length + below, size)
}

async function entryOf (codec, block, tsize, size) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', block))
  const binary = Uint8Array.from([1, codec, 0x12, 32, ...digest])
  return { cid: 'b' + base32(binary), binary, digest, tsize, size }
}

/** Unsigned LEB128; by division, for a shift ends at 2^31. */
function varint (value) {
  const out = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out.push((value % 0x80) | 0x80)
  out.push(value)
  return out
}

function base32 (bytes) {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31]
    held &= 0xff
  }
  return bits ? text + BASE32[(held << (5 - bits)) & 31] : text
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
