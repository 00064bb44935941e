// Requests to the service: JSON in and out, its reasons in words.
import { sentence } from './words.js'

/** What the service refused, or that it could not be reached. `kind` is the last part of its type. */
export class Refusal extends Error {
  constructor (kind, message, problem = {}) {
    super(message)
    this.kind = kind
    this.problem = problem
  }
}

/** What base.html says of the service: the chain, whether it is the demo, who is signed in. */
export const page = JSON.parse(document.getElementById('page-data').textContent)

/** The answer to a GET. */
export function get (path) {
  return answerOf(path, {})
}

/** The answer to a POST of a JSON value, or of a form with its files. */
export function post (path, body = {}) {
  const headers = { 'X-CSRF-Token': document.querySelector('meta[name="csrf-token"]').content }
  if (body instanceof FormData) return answerOf(path, { method: 'POST', headers, body })
  headers['Content-Type'] = 'application/json'
  return answerOf(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function answerOf (path, { headers = {}, ...options }) {
  let response
  try {
    response = await fetch(path, { ...options, headers: { Accept: 'application/json', ...headers } })
  } catch {
    throw new Refusal('unreachable', 'The service cannot be reached. Look at your connection, then try again.')
  }
  const answer = await response.json().catch(() => null)
  if (response.ok && answer !== null) return noteToken(answer)
  const kind = String(answer?.type ?? '').split('/').pop() || String(response.status)
  throw new Refusal(kind, answer?.detail ?? answer?.title ?? `The service answered ${response.status}.`, answer ?? {})
}

// Signing in changes the cookie, and with it what protects forms.
function noteToken (answer) {
  if (typeof answer.csrf_token !== 'string') return answer
  document.querySelector('meta[name="csrf-token"]').content = answer.csrf_token
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = answer.csrf_token
  return answer
}

/** Say something in an element of class `said`: kind is '', 'good' or 'bad'. */
export function say (element, text, kind = '') {
  element.dataset.kind = kind
  element.textContent = text
}

/** Run what a button stands for; the button is busy meanwhile, and a failure is said in words. */
export async function busy (button, said, work) {
  if (button.getAttribute('aria-busy') === 'true') return
  button.setAttribute('aria-busy', 'true')
  try {
    await work()
  } catch (error) {
    say(said, sentence(error.message), 'bad')
  } finally {
    button.removeAttribute('aria-busy')
  }
}
