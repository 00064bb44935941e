// Words as pages show them.

/** A text that begins with a capital. */
export function sentence (text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
