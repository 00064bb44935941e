// Keccak-256 as Ethereum uses it (the padding from before FIPS 202), for the checksum in addresses.
// Texts of at most 135 bytes, which is one block: an address has 40.

const RATE = 136
const MASK = 2n ** 64n - 1n
const ROUNDS = 24

/** The 32 bytes of the hash of an ASCII text of at most 135 characters. */
export function keccak256 (text) {
  const block = new Uint8Array(RATE)
  const { written } = new TextEncoder().encodeInto(text, block)
  if (written === RATE || written < text.length) throw new RangeError('a text of one block is hashed')
  block[written] ^= 0x01
  block[RATE - 1] ^= 0x80
  const view = new DataView(block.buffer)
  const lanes = Array.from({ length: 25 }, (_, n) => n < 17 ? view.getBigUint64(n * 8, true) : 0n)
  permute(lanes)
  const out = new DataView(new ArrayBuffer(32))
  for (let n = 0; n < 4; n++) out.setBigUint64(n * 8, lanes[n], true)
  return new Uint8Array(out.buffer)
}

// FIPS 202, section 3.2: theta, rho and pi, chi, iota. Lane (x, y) is at x + 5y.
function permute (a) {
  let lfsr = 1
  for (let round = 0; round < ROUNDS; round++) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20])
    for (let n = 0; n < 25; n++) a[n] ^= c[(n + 4) % 5] ^ rotate(c[(n + 1) % 5], 1)
    let [x, y, held] = [1, 0, a[1]]
    for (let t = 0; t < 24; t++) {
      ;[x, y] = [y, (2 * x + 3 * y) % 5]
      const at = x + 5 * y
      ;[held, a[at]] = [a[at], rotate(held, ((t + 1) * (t + 2) / 2) % 64)]
    }
    for (let row = 0; row < 25; row += 5) {
      const b = a.slice(row, row + 5)
      for (let n = 0; n < 5; n++) a[row + n] = b[n] ^ (~b[(n + 1) % 5] & MASK & b[(n + 2) % 5])
    }
    for (let bit = 1; bit <= 64; bit *= 2) {
      if (lfsr & 1) a[0] ^= 1n << BigInt(bit - 1)
      lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) : lfsr << 1
    }
  }
}

function rotate (lane, by) {
  return ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK
}
