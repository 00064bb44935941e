// One's own picture: use a token, send it, and watch the picture follow the chain.
import { readAddress, same, transferData } from './abi.js'
import { authorise } from './authorise.js'
import { connectWallet, forgetWallet } from './connect.js'
import { follow } from './picture.js'
import { busy, page, say } from './service.js'

const said = document.getElementById('token-said')
const useToken = document.getElementById('use-token')
const send = document.getElementById('send')
const fallen = document.getElementById('fallen')

follow([page.user], (picture) => {
  fallen.hidden = !picture.fallen
  if (!picture.fallen) return
  fallen.textContent = `The token moved away in block ${picture.fallen.block}, so the circle is shown instead.`
})

document.addEventListener('wallet-account', ({ detail: { wallet, account } }) => {
  say(said, account ? `${wallet.name} now uses ${account}.` : `${wallet.name} is not connected any more.`)
  if (!account) forgetWallet()
})

if (useToken) {
  useToken.hidden = false
  const toSign = document.getElementById('to-sign')
  useToken.addEventListener('submit', (event) => {
    event.preventDefault()
    busy(useToken.querySelector('button'), said, async () => {
      say(said, '')
      const wallet = await connectWallet()
      say(said, `Look into ${wallet.name}: it shows what you sign.`)
      const token = useToken.elements.token.value.trim()
      try {
        await authorise(wallet, 'picture', '/wallet/picture', { token }, (text) => {
          toSign.hidden = false
          toSign.querySelector('.message').textContent = text
          say(said, `Look into ${wallet.name}. Once you have signed, the chain is asked and every byte is hashed.`)
        })
      } catch (error) {
        forgetWallet()
        throw error
      }
      location.assign(`/u/${page.user}`)
    })
  })
}

if (send) {
  send.hidden = false
  const { to } = send.elements
  const wrong = document.getElementById('to-error')
  to.addEventListener('input', () => {
    say(wrong, '', 'bad')
    to.removeAttribute('aria-invalid')
  })
  send.addEventListener('submit', (event) => {
    event.preventDefault()
    let receiver
    try {
      receiver = readAddress(to.value)
    } catch (error) {
      say(wrong, error.message, 'bad')
      to.setAttribute('aria-invalid', 'true')
      return to.focus()
    }
    busy(send.querySelector('button'), said, () => sendTo(receiver))
  })
}

async function sendTo (receiver) {
  const { contract, token, chain } = send.dataset
  const wallet = await connectWallet()
  try {
    if (same(wallet.account, receiver)) throw new Error('That is the account that sends it. Nothing was sent.')
    await wallet.useChain(Number(chain), page.chain.name)
    say(said, `Look into ${wallet.name}: it asks you to send token ${token} to ${receiver}.`)
    const hash = await wallet.send(contract, transferData(wallet.account, receiver, token))
    say(said, 'Sent. Waiting for a block to take it.')
    const receipt = await wallet.receipt(hash)
    say(said, `Token ${token} belongs to ${receiver} since block ${Number(receipt.blockNumber)}.`, 'good')
  } catch (error) {
    forgetWallet()
    throw error
  }
}
