// What is shown for somebody, kept true on an open page. parts.html drew it; events change it.
// The page fails closed by itself: when nothing more is heard of the service, a hexagon is dashed,
// and past the maximum age the picture goes.
import { hear } from './stream.js'
import { sentence } from './words.js'

const LABELS = { ordinary: 'An ordinary upload: nothing to check', none: 'No picture yet' }
const SHORT = { verified: 'verified', stale: 'verified before', unverified: 'unverified', ordinary: 'upload', none: 'no picture' }

/**
 * Follow the pictures of these people by server-sent events. `changed(picture)` is called with what
 * is shown now whenever that is another picture or another state.
 */
export function follow (names, changed = () => {}) {
  const path = names.length === 1
    ? `/u/${encodeURIComponent(names[0])}/events`
    : `/events?users=${names.map(encodeURIComponent).join(',')}`
  const known = new Map()
  // What the page was drawn with grows old as well, from when it was asked for.
  for (const { dataset } of document.querySelectorAll('[data-picture]')) {
    const picture = JSON.parse(dataset.picture)
    if (names.includes(picture.name)) known.set(picture.name, { picture, at: 0 })
  }
  const isSilent = hear(path, {
    picture (picture) {
      known.set(picture.name, { picture, at: performance.now(), key: known.get(picture.name)?.key })
      draw(known.get(picture.name))
    }
  })
  setInterval(() => known.forEach(draw), 1000)

  function draw (entry) {
    const { picture, at } = entry
    const shown = isSilent() ? unheard(picture, (performance.now() - at) / 1000) : picture
    const key = `${shown.version} ${shown.state}`
    showPicture(shown)
    if (entry.key === key) return
    entry.key = key
    changed(shown)
  }
}

/** The picture as it may still be shown when the service is not heard, and said it `since` seconds ago. */
export function unheard (picture, since) {
  if (picture.kind !== 'nft' || picture.state === 'unverified') return picture
  const { block, age_s: age, max_age_s: most } = picture.checked
  if (age + since > most) {
    return { ...picture, state: 'unverified', shape: 'placeholder', images: null, words: 'unverified', alt: `${picture.name}: unverified` }
  }
  const words = `last verified at block ${block}, ${ago(age + since)}`
  return { ...picture, state: 'stale', shape: 'hexagon-dashed', words }
}

/** An age in seconds, in the words of pfpkit.profile.picture. */
export function ago (seconds) {
  for (const [size, word] of [[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']]) {
    const count = Math.floor(seconds / size)
    if (count >= 1) return `${count} ${word}${count === 1 ? '' : 's'} ago`
  }
  return 'now'
}

/** Draw a picture wherever the page shows this person's. */
export function showPicture (picture) {
  const name = CSS.escape(picture.name)
  for (const portrait of document.querySelectorAll(`[data-picture-of="${name}"]`)) showPortrait(portrait, picture)
  for (const verdict of document.querySelectorAll(`[data-verdict-of="${name}"]`)) showVerdict(verdict, picture)
  for (const short of document.querySelectorAll(`[data-short-of="${name}"]`)) setText(short, SHORT[picture.state])
}

/** Draw the shape and the image of a picture in a portrait of parts.html. */
export function showPortrait (portrait, picture) {
  const image = portrait.querySelector('img')
  const blank = portrait.querySelector('.blank')
  const size = portrait.classList.contains('small') ? '128' : '400'
  const source = picture.images?.[size].webp ?? null
  if (portrait.dataset.shape !== picture.shape) {
    portrait.dataset.shape = picture.shape
    portrait.classList.remove('changed')
    void portrait.offsetWidth // so that the animation begins again
    portrait.classList.add('changed')
  }
  if (source) {
    if (image.getAttribute('src') !== source) image.src = source
    image.alt = picture.alt
  } else {
    image.removeAttribute('src')
    image.alt = ''
    blank.setAttribute('aria-label', picture.alt)
  }
  image.hidden = !source
  blank.hidden = Boolean(source)
}

/** Say a picture's state in a verdict of parts.html. */
export function showVerdict (verdict, { state, words }) {
  // A new state is read out; an age that grows every second is not.
  verdict.setAttribute('aria-live', verdict.dataset.state === state ? 'off' : 'polite')
  verdict.dataset.state = state
  const text = words ? sentence(words) : LABELS[state]
  setText(verdict.querySelector('.words'), text)
}

// A live region is read out when its text is set, also to what it was.
function setText (element, text) {
  if (element.textContent !== text) element.textContent = text
}
