// The comparison: two running pictures of one file, and what happens to them.
import { showVerdict } from './picture.js'
import { busy, post, say } from './service.js'
import { hear } from './stream.js'

const holder = document.getElementById('compare-state')
const ordinary = document.getElementById('ordinary')
const nft = document.getElementById('nft')
const ordinaryCost = document.getElementById('ordinary-cost')
const nftCost = document.getElementById('nft-cost')
const failed = document.getElementById('failed')

let told = null
let isSilent = () => false

if (holder) {
  draw(JSON.parse(holder.textContent))
  isSilent = hear('/compare/events', { compare: draw })
  setInterval(() => drawToken(told.nft), 1000)
  for (const act of document.querySelectorAll('[data-act]')) {
    const button = act.querySelector('button')
    button.addEventListener('click', () => run(button, act.dataset.act))
  }
  const reset = document.getElementById('reset')
  reset.addEventListener('click', () => run(reset, 'reset'))
}

function run (button, act) {
  return busy(button, failed, async () => {
    say(failed, '')
    draw(await post(`/compare/${act}`))
  })
}

function draw (state) {
  told = state
  drawOrdinary(state.ordinary, state.image)
  drawToken(state.nft)
  tell('swap-object', state.ordinary.swapped && 'Nobody noticed. The page shows another picture: status 200, no error, no trace.', 'bad')
  tell('swap-gateway', gatewayWords(state.nft), 'good')
  tell('sell', state.nft.sold && `The hexagon fell in block ${state.nft.block}. The picture is still everywhere; that it is this profile's is not claimed any more.`, 'good')
}

function drawOrdinary (way, image) {
  ordinary.querySelector('.portrait').dataset.shape = 'circle'
  drawImage(ordinary, way.src)
  const words = way.swapped ? 'Shown, and it is another picture' : 'Shown; nothing is checked'
  showVerdict(ordinary.querySelector('.verdict'), { state: way.swapped ? 'false' : 'ordinary', words })
  mark(ordinaryCost, 'store', way.swapped ? 'lied' : '')
  measure(ordinaryCost, way, [['Bytes shown', `sha256 ${way.sha256}`, way.sha256 !== image.sha256]])
}

function drawToken (way) {
  const picture = isSilent() ? unheard(way.picture) : way.picture
  nft.querySelector('.portrait').dataset.shape = picture.shape
  drawImage(nft, way.src)
  showVerdict(nft.querySelector('.verdict'), { state: picture.state, words: picture.words || way.reason })
  mark(nftCost, 'gateway', way.caught ? 'lied' : '')
  mark(nftCost, 'hash', way.caught ? 'caught' : '')
  mark(nftCost, 'chain', way.sold ? 'caught' : '')
  measure(nftCost, way, [['Bytes shown', way.src ? way.cid : 'none', false]])
}

// Nobody says any more that it is so; how long ago it was, the page of a profile counts.
function unheard (picture) {
  if (picture.state !== 'verified') return picture
  return { state: 'stale', shape: 'hexagon-dashed', words: 'Not checked now: the service is not heard' }
}

function gatewayWords ({ caught, gateways }) {
  if (caught) return `Caught. ${caught}`
  const lying = gateways.some((gateway) => gateway.lying)
  return lying && 'It would lie, and nobody asks it: nothing is fetched for a token that somebody else has.'
}

function drawImage (way, source) {
  const image = way.querySelector('.portrait img')
  const blank = way.querySelector('.blank')
  image.hidden = !source
  if (blank) blank.hidden = Boolean(source)
  if (!source) image.removeAttribute('src')
  else if (image.getAttribute('src') !== source) image.src = source
}

function mark (way, part, state) {
  const step = way.querySelector(`[data-part="${part}"]`)
  if (state) step.dataset.state = state
  else delete step.dataset.state
}

function measure (way, { latency_ms: latency, requests, requests_words: words }, more) {
  const rows = [['Latency', `${latency.toFixed(1)} ms`], ['Requests', `${requests}: ${words}`], ...more]
  way.querySelector('.measures').replaceChildren(...rows.map(([title, text, wrong]) => {
    const row = document.createElement('div')
    const term = document.createElement('dt')
    const value = document.createElement('dd')
    term.textContent = title
    value.textContent = text
    if (wrong) value.className = 'wrong'
    row.append(term, value)
    return row
  }))
}

function tell (act, words, kind) {
  const place = document.querySelector(`[data-act="${act}"]`)
  const said = place.querySelector('.said')
  place.dataset.done = String(Boolean(words))
  if (said.textContent !== (words || '')) say(said, words || '', kind)
}
