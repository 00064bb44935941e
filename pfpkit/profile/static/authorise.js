// The signature that lets the service read who owns one token (EIP-4361), and nothing else.
import { page, post } from './service.js'

/**
 * Ask the service for the text, the wallet for its signature, and the service for the verdict.
 * `told(text)` gets the text before the wallet is asked. Returns the service's answer.
 */
export async function authorise (wallet, purpose, answerPath, more, told = () => {}) {
  await wallet.useChain(page.chain.chain_id, page.chain.name)
  const { message } = await post('/wallet/challenge', {
    purpose, address: wallet.account, chain_id: page.chain.chain_id, ...more
  })
  told(message)
  const signature = await wallet.sign(message)
  return post(answerPath, { message, signature })
}
