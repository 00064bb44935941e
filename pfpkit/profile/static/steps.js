// A list of steps that come true one after the other, drawn as the checks of a picture are.
import { sentence } from './words.js'

const SVG = 'http://www.w3.org/2000/svg'
const PATHS = {
  passed: ['M50 6 88 28V72L50 94 12 72V28Z', 'M33 51 46 64 68 38'],
  failed: ['M50 6 88 28V72L50 94 12 72V28Z', 'M37 37 63 63M63 37 37 63'],
  waiting: ['M50 6 88 28V72L50 94 12 72V28Z']
}

/** A step that was added to `list`; its `tell(outcome, text)` says how it went. */
export function addStep (list, title) {
  list.hidden = false
  const item = document.createElement('li')
  const name = document.createElement('b')
  name.textContent = title
  const text = document.createElement('p')
  item.append(drawn('waiting'), name, text)
  item.dataset.outcome = 'waiting'
  list.append(item)
  return {
    tell (outcome, words) {
      item.dataset.outcome = outcome
      item.querySelector('svg').replaceWith(drawn(outcome))
      text.textContent = words
    }
  }
}

/** Do `work` as a step: its return value is [words, value]; a failure is told, marked so, and thrown on. */
export async function doStep (list, title, work) {
  const step = addStep(list, title)
  try {
    const [words, value] = await work((words) => step.tell('waiting', words))
    step.tell('passed', words)
    return value
  } catch (error) {
    step.tell('failed', sentence(error.message))
    throw Object.assign(error, { told: true })
  }
}

function drawn (outcome) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 100 100')
  svg.setAttribute('aria-hidden', 'true')
  for (const d of PATHS[outcome]) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', d)
    svg.append(path)
  }
  return svg
}
