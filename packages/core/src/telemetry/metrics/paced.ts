/** Text is handed on in pieces of about this many characters. */
const chunkLength = 16_384
/** The event loop is let go after this long, in milliseconds. */
const sliceMs = 2

/** Lets other work run between slices of a long one. */
export class Pace {
  #since = performance.now()

  async breathe(): Promise<void> {
    if (performance.now() - this.#since < sliceMs) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#since = performance.now()
  }
}

/** Puts small pieces of text together to larger ones, without holding the event loop for long. */
export async function* paced(pieces: Iterable<string>, pace: Pace): AsyncGenerator<string> {
  // Joined, because text put together with `+=` stays a tree of its parts, which the garbage collector walks.
  let chunk: string[] = []
  let length = 0
  for (const piece of pieces) {
    chunk.push(piece)
    length += piece.length
    if (length < chunkLength) continue
    yield chunk.join('')
    chunk = []
    length = 0
    await pace.breathe()
  }
  if (chunk.length > 0) yield chunk.join('')
  await pace.breathe()
}
