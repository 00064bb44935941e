// Wallets for the demo: each says its name as any wallet does (EIP-6963), asks before it signs, and
// signs with one account of the demo's own chain, whose keys everybody knows. Loaded in the demo alone.
import { post } from './service.js'

const ROLES = ['minter', 'buyer', 'stranger']
const REFUSED = 4001

let id = 0

async function ask (method, params) {
  const { result, error } = await post('/demo/rpc', { jsonrpc: '2.0', id: ++id, method, params })
  if (error) throw Object.assign(new Error(error.message), { code: error.code })
  return result
}

function textOf (hex) {
  const bytes = hex.slice(2).match(/../g) ?? []
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => parseInt(byte, 16)))
}

function question (method, params) {
  if (method === 'personal_sign') return `Sign this?\n\n${textOf(params[0])}`
  if (method === 'eth_sendTransaction') return `Send a transaction to ${params[0].to}?`
  return null
}

function providerOf (account) {
  return {
    async request ({ method, params = [] }) {
      if (method === 'eth_requestAccounts' || method === 'eth_accounts') {
        return [(await ask('eth_accounts', []))[account]]
      }
      const asked = question(method, params)
      if (asked && !window.confirm(asked)) {
        throw Object.assign(new Error('refused'), { code: REFUSED })
      }
      return ask(method, params)
    },
    // Neither its account nor its chain ever changes.
    on () {},
    removeListener () {}
  }
}

function iconOf (account) {
  const colour = ['f0b75e', '6fd3ae', 'ff9b8c'][account]
  return 'data:image/svg+xml,' + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="22" fill="#1c1b22"/><path d="M50 20 76 35V65L50 80 24 65V35Z" fill="none" stroke="#${colour}" stroke-width="8" stroke-linejoin="round"/></svg>`)
}

const details = ROLES.map((role, account) => Object.freeze({
  info: Object.freeze({
    uuid: crypto.randomUUID(), name: `Demo wallet of the ${role}`, icon: iconOf(account), rdns: `demo.pfpkit.${role}`
  }),
  provider: providerOf(account)
}))

function announce () {
  for (const detail of details) {
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  }
}

window.addEventListener('eip6963:requestProvider', announce)
announce()
