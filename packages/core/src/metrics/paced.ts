/** Text is handed on in pieces of about this many characters. */
const chunkLength = 32_768
/** The event loop is let go after this long, in milliseconds. */
const sliceMs = 5

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
  let chunk = ''
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
    await pace.breathe()
  }
  if (chunk !== '') yield chunk
  await pace.breathe()
}
