// Wallets as extensions put them into a page: each says its name by EIP-6963. What they are asked
// goes to the test (`askWallet`), which signs through anvil, or refuses.
(names => {
  for (const [number, { name, rdns }] of names.entries()) {
    const listeners = new Map()
    const provider = {
      async request ({ method, params }) {
        const { result, error } = await window.askWallet({ number, method, params: params ?? [] })
        if (error) throw Object.assign(new Error(error.message), error)
        return result
      },
      on (event, listener) { listeners.set(event, [...listeners.get(event) ?? [], listener]) },
      removeListener (event, listener) {
        listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== listener))
      }
    }
    const icon = 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"%3E%3Crect width="8" height="8" fill="teal"/%3E%3C/svg%3E'
    const detail = Object.freeze({ info: Object.freeze({ uuid: crypto.randomUUID(), name, icon, rdns }), provider })
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    window.addEventListener('eip6963:requestProvider', announce)
    window.addEventListener(`test-wallet-${number}`, ({ detail: [event, value] }) => {
      for (const listener of listeners.get(event) ?? []) listener(value)
    })
    announce()
  }
})
