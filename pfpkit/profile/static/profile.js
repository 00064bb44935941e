// A profile: the picture follows the chain, and what is said of it comes and goes with it.
import { follow } from './picture.js'

const CLAIMED = ['verified', 'stale']

const details = document.getElementById('details')
const fallen = document.getElementById('fallen')

follow([details.dataset.of], async (picture) => {
  fallen.hidden = !picture.fallen
  if (picture.fallen) fallen.textContent = `The token of the former picture moved away in block ${picture.fallen.block}.`
  // What was said of another picture, or is not claimed any more, must not stand beside this one.
  if (!CLAIMED.includes(picture.state)) {
    details.replaceChildren()
    details.hidden = true
    delete details.dataset.version
  } else if (details.dataset.version !== picture.version) {
    await drawDetails(picture.version)
  }
})

// The panel is drawn by the server.
async function drawDetails (version) {
  const answer = await fetch(location.pathname, { headers: { Accept: 'text/html' } }).catch(() => null)
  if (!answer?.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('details')
  if (fresh.dataset.version !== version) return
  details.replaceChildren(...fresh.childNodes)
  details.hidden = fresh.hidden
  details.dataset.version = version
}
