// Wallets in the browser: finding them (EIP-6963), and what one is asked for. A wallet is asked for
// its account when somebody has chosen it, and for nothing else before. What goes wrong is said in
// words that a person can act on.
import { checksummed } from './abi.js'

const RECEIPT_EVERY_MS = 500

/** What a wallet, or a person in it, did not do. `kind` is for programs, the message for people. */
export class WalletError extends Error {
  constructor (kind, message) {
    super(message)
    this.kind = kind
  }
}

/**
 * Call `found(wallet)` once for each wallet of this browser, also for those that come later.
 * A wallet that says its name again is the same wallet.
 */
export function discoverWallets (found) {
  const known = new Set()
  window.addEventListener('eip6963:announceProvider', ({ detail }) => {
    const { uuid, name } = detail?.info ?? {}
    if (typeof uuid !== 'string' || typeof name !== 'string' || known.has(uuid)) return
    known.add(uuid)
    found(new Wallet(detail.info, detail.provider))
  })
  window.dispatchEvent(new Event('eip6963:requestProvider'))
}

/** One wallet, and the account and chain that its owner has chosen in it. */
export class Wallet {
  #provider
  #listeners = []

  constructor ({ uuid, name, icon, rdns }, provider) {
    this.id = uuid
    this.name = name
    this.rdns = typeof rdns === 'string' ? rdns : ''
    // A wallet draws itself by a data URI; an address of a server would tell that server of the visit.
    this.icon = /^data:image\/(png|webp|svg\+xml|jpeg|gif)[;,]/.test(icon) ? icon : null
    this.account = null
    this.#provider = provider
  }

  /** Ask for one account; its address has its checksum. */
  async connect () {
    const [account] = await this.#ask('eth_requestAccounts')
    if (!account) throw new WalletError('no-account', `${this.name} has no account that it shows to this page.`)
    this.account = checksummed(account)
    return this.account
  }

  /** Call back with the account, or null, whenever the wallet's owner chooses another one. */
  onAccount (called) {
    this.#on('accountsChanged', ([account]) => {
      this.account = account ? checksummed(account) : null
      called(this.account)
    })
  }

  /** Hear nothing more of this wallet. */
  forget () {
    for (const [event, listener] of this.#listeners) this.#provider.removeListener?.(event, listener)
    this.#listeners = []
    this.account = null
  }

  /** The number of the chain that the wallet is on. */
  async chain () {
    return Number(await this.#ask('eth_chainId'))
  }

  /** Be on this chain, by asking its owner to switch where it is not; throws when it stays. */
  async useChain (chainId, chainName) {
    const name = chainName ?? `chain ${chainId}`
    const before = await this.chain()
    if (before === chainId) return
    try {
      await this.#ask('wallet_switchEthereumChain', { chainId: '0x' + chainId.toString(16) })
    } catch (error) {
      if (error.kind === 'unknown-chain') {
        throw new WalletError('unknown-chain', `${this.name} does not know ${name} (number ${chainId}). Add it in the wallet, then try again.`)
      }
      const refused = error.kind === 'refused' ? 'and you refused to switch' : 'and did not switch'
      throw new WalletError('wrong-chain', `${this.name} is on chain ${before}, ${refused}. The token is on ${name} (number ${chainId}): choose it in the wallet, then try again.`)
    }
    if (await this.chain() !== chainId) {
      throw new WalletError('wrong-chain', `${this.name} is still on another chain than ${name} (number ${chainId}). Choose it in the wallet, then try again.`)
    }
  }

  /** Sign a text with the account (EIP-191); the wallet shows the text before. */
  async sign (text) {
    const bytes = new TextEncoder().encode(text)
    const data = '0x' + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return this.#ask('personal_sign', data, this.account)
  }

  /** Send a transaction of the account; returns its hash. */
  async send (to, data) {
    return this.#ask('eth_sendTransaction', { from: this.account, to, data })
  }

  /** What a contract answers to a call, at the latest block. */
  async call (to, data) {
    return this.#ask('eth_call', { to, data }, 'latest')
  }

  /** The receipt of a transaction once it is in a block; throws when it failed or takes too long. */
  async receipt (hash, timeoutMs = 120_000) {
    const until = Date.now() + timeoutMs
    while (Date.now() < until) {
      const receipt = await this.#ask('eth_getTransactionReceipt', hash)
      if (receipt) {
        if (Number(receipt.status) === 1) return receipt
        throw new WalletError('reverted', `The contract refused the transaction ${hash}. Nothing has changed.`)
      }
      await new Promise((resolve) => setTimeout(resolve, RECEIPT_EVERY_MS))
    }
    throw new WalletError('slow', `The transaction ${hash} is in no block yet. It may still come: look in your wallet before you send it again.`)
  }

  #on (event, listener) {
    this.#provider.on?.(event, listener)
    this.#listeners.push([event, listener])
  }

  async #ask (method, ...params) {
    try {
      return await this.#provider.request({ method, params })
    } catch (error) {
      throw this.#told(error)
    }
  }

  // The numbers are those of EIP-1193 and EIP-1474; wallets wrap them in different ways.
  #told (error) {
    const code = error?.data?.originalError?.code ?? error?.code
    const said = typeof error?.message === 'string' ? error.message.slice(0, 200) : 'it gave no reason'
    switch (code) {
      case 4001: return new WalletError('refused', `You refused in ${this.name}. Nothing was signed or sent.`)
      case 4100: return new WalletError('locked', `${this.name} has not let this page use the account. Unlock it, and connect again.`)
      case 4900:
      case 4901: return new WalletError('offline', `${this.name} cannot reach its chain now. Try again when it can.`)
      case 4902: return new WalletError('unknown-chain', `${this.name} does not know this chain.`)
      case -32002: return new WalletError('waiting', `${this.name} has a question open already. Answer it there, then try again.`)
      default: return new WalletError('failed', `${this.name} could not do it: ${said}`)
    }
  }
}
