// The few calls of an ERC-721 contract that the pages make, encoded by hand, and addresses.
import { hex } from './cid.js'
import { keccak256 } from './keccak.js'

const WORD = 64
const TRANSFER = hex(keccak256('Transfer(address,address,uint256)'))

/** The data of safeTransferFrom: a receiver with code is asked whether it takes the token. */
export function transferData (from, to, tokenId) {
  const call = selector('safeTransferFrom(address,address,uint256)')
  return call + addressWord(from) + addressWord(to) + numberWord(tokenId)
}

/** The data of mint: the next token, with this bundle, to this address. */
export function mintData (to, digest) {
  if (digest.length !== 32) throw new TypeError('the digest of a bundle has 32 bytes')
  return selector('mint(address,bytes32)') + addressWord(to) + hex(digest).slice(2)
}

/** The data that asks a contract who its minter is. */
export function minterData () {
  return selector('minter()')
}

/** The address in an answer of one word, in lower case; null when it is none. */
export function addressOf (word) {
  return /^0x0{24}[0-9a-f]{40}$/i.test(word) ? '0x' + word.slice(26).toLowerCase() : null
}

/** The id of the token that this contract minted to `to` in a receipt, as decimal text; or null. */
export function mintedIn (receipt, contract, to) {
  const log = receipt.logs.find(({ address, topics }) =>
    same(address, contract) && topics.length === 4 && topics[0] === TRANSFER &&
    BigInt(topics[1]) === 0n && same(addressOf(topics[2]), to))
  return log ? BigInt(log.topics[3]).toString() : null
}

/** Whether two addresses are the same account, however they are spelled. */
export function same (one, other) {
  return one != null && other != null && one.toLowerCase() === other.toLowerCase()
}

/**
 * The address in a text that somebody typed, with its checksum (EIP-55); throws an Error that says
 * what is wrong with it. Mixed case has to be the checksum: one wrong digit is noticed.
 */
export function readAddress (text) {
  const typed = text.trim()
  if (!/^0x[0-9a-f]{40}$/i.test(typed)) {
    throw new Error('An address is 0x and 40 digits from 0 to 9 and a to f.')
  }
  const digits = typed.slice(2)
  if (/^0+$/.test(digits)) throw new Error('That is the zero address: nobody has its key.')
  const written = checksummed(typed)
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!plain && typed !== written) {
    throw new Error('A letter or digit of this address is wrong: its checksum does not fit. Copy it again.')
  }
  return written
}

/** An address as EIP-55 writes it. */
export function checksummed (address) {
  const digits = address.slice(2).toLowerCase()
  const hash = hex(keccak256(digits)).slice(2)
  return '0x' + Array.from(digits, (digit, n) => hash[n] >= '8' ? digit.toUpperCase() : digit).join('')
}

/** What names a function in a call: 0x and the first four bytes of its signature's hash. */
function selector (signature) {
  return hex(keccak256(signature).subarray(0, 4))
}

function addressWord (address) {
  if (!/^0x[0-9a-f]{40}$/i.test(address)) throw new TypeError(`${address} is no address`)
  return address.slice(2).toLowerCase().padStart(WORD, '0')
}

function numberWord (number) {
  const digits = BigInt(number).toString(16)
  if (digits.length > WORD || digits.startsWith('-')) throw new RangeError(`${number} is no uint256`)
  return digits.padStart(WORD, '0')
}
