// A profile: the picture follows the chain, and the details come and go with it.
import { follow } from './picture.js'

const details = document.getElementById('details')
const fallen = document.getElementById('fallen')

follow([details.dataset.of], async (picture, before) => {
  fallen.hidden = !picture.fallen
  if (picture.fallen) fallen.textContent = `The token of the former picture moved away in block ${picture.fallen.block}.`
  // The panel is drawn by the server; what was drawn for another picture must not stand beside this one.
  if (before !== undefined) await drawDetails()
})

async function drawDetails () {
  const answer = await fetch(location.pathname, { headers: { Accept: 'text/html' } }).catch(() => null)
  if (!answer?.ok) return details.replaceChildren()
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('details')
  details.replaceChildren(...fresh.childNodes)
  details.hidden = fresh.hidden
}
