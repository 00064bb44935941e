// Signing up or in with a wallet, in place of a password.
import { authorise } from './authorise.js'
import { connectWallet, forgetWallet } from './connect.js'
import { busy, say } from './service.js'

const panel = document.getElementById('with-wallet')
const said = document.getElementById('wallet-said')
const button = document.getElementById('wallet-sign')
const name = document.getElementById('name')
const { purpose } = panel.dataset
panel.hidden = false

button.addEventListener('click', () => busy(button, said, async () => {
  if (purpose === 'signup' && !name.reportValidity()) return
  const wallet = await connectWallet()
  say(said, `Look into ${wallet.name}: it shows what you sign.`)
  try {
    const answer = await authorise(wallet, purpose, '/wallet/signin', purpose === 'signup' ? { name: name.value } : {})
    location.assign(answer.next)
  } catch (error) {
    forgetWallet()
    throw error
  }
}))
