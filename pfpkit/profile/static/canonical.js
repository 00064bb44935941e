// Canonical JSON (RFC 8785): the same facts always have the same bytes, and so the same CID.
// JSON.stringify writes numbers and texts as the RFC wants them; the order of keys is ours.

const LONE_SURROGATE = /\p{Surrogate}/u

/** The canonical bytes of a JSON value; throws where two readers could read two things. */
export function canonicalBytes (value) {
  return new TextEncoder().encode(canonicalText(value))
}

function canonicalText (value) {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (value !== null && typeof value === 'object') {
    // Without a function, sort() compares UTF-16 code units, which is the order of the RFC.
    const pairs = Object.keys(value).sort().map((key) => {
      return `${canonicalText(key)}:${canonicalText(value[key])}`
    })
    return `{${pairs.join(',')}}`
  }
  if (typeof value === 'string' && LONE_SURROGATE.test(value)) {
    throw new TypeError('a text has half a character (a lone surrogate), which is not UTF-8')
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`${value} is no number of JSON`)
  }
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`${typeof value} is nothing that JSON can hold`)
  return text
}
