// The dialog in which a person chooses a wallet. With one wallet there is still a choice: yes or no.
import { WalletError, discoverWallets } from './wallet.js'

const dialog = document.getElementById('wallets')
const list = dialog.querySelector('.wallets')
const none = document.getElementById('no-wallet')
let connected = null

discoverWallets((wallet) => {
  none.hidden = true
  list.append(entryOf(wallet))
})

/** The wallet that was chosen, with its account; throws a WalletError when none was. */
export async function connectWallet () {
  if (connected?.account) return connected
  const wallet = await choice()
  await wallet.connect()
  connected?.forget()
  connected = wallet
  wallet.onAccount((account) => {
    document.dispatchEvent(new CustomEvent('wallet-account', { detail: { wallet, account } }))
  })
  return wallet
}

/** Choose again next time. */
export function forgetWallet () {
  connected?.forget()
  connected = null
}

function choice () {
  return new Promise((resolve, reject) => {
    dialog.returnValue = ''
    dialog.addEventListener('close', () => {
      const chosen = dialog.chosen
      dialog.chosen = null
      if (chosen) resolve(chosen)
      else reject(new WalletError('none', 'No wallet was chosen. Nothing was signed or sent.'))
    }, { once: true })
    dialog.showModal()
  })
}

function entryOf (wallet) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'quiet'
  if (wallet.icon) {
    const icon = document.createElement('img')
    icon.src = wallet.icon
    icon.alt = ''
    button.append(icon)
  }
  const text = document.createElement('span')
  text.textContent = wallet.name.slice(0, 60)
  if (wallet.rdns) {
    const source = document.createElement('small')
    source.textContent = wallet.rdns.slice(0, 60)
    text.append(source)
  }
  button.append(text)
  button.addEventListener('click', () => {
    dialog.chosen = wallet
    dialog.close()
  })
  const item = document.createElement('li')
  item.append(button)
  return item
}
