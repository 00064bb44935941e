// A stream of server-sent events that knows when it is not heard any more, and comes back by itself.

/** How long the service may be silent. It says something every two seconds (pfpkit.profile.events). */
const SILENT_S = 5
const AGAIN_MS = 2_000
const MOST_MS = 16_000

/**
 * Hear the events of a path: `handlers[kind](value)` for each. Returns `isSilent()`: whether nothing
 * was heard for so long that what was said before may not be so any more.
 */
export function hear (path, handlers) {
  let heard = performance.now()
  let pause = AGAIN_MS
  open()
  return () => performance.now() - heard > SILENT_S * 1000

  function open () {
    const source = new EventSource(path)
    const listen = (kind, handle) => source.addEventListener(kind, ({ data }) => {
      heard = performance.now()
      pause = AGAIN_MS
      handle(JSON.parse(data))
    })
    listen('alive', () => {})
    for (const [kind, handle] of Object.entries(handlers)) listen(kind, handle)
    // A browser comes back by itself when a connection ends; not after an answer that is no stream,
    // such as a proxy's while the service starts.
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) return
      setTimeout(open, pause)
      pause = Math.min(2 * pause, MOST_MS)
    })
  }
}
