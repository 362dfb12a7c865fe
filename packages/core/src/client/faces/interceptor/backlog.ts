import type { Dispatcher } from 'undici'

/** The headers and trailers that undici hands to a handler. */
export type HandlerHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/** How an answer ended. */
export type AnswerEnd = { readonly trailers: HandlerHeaders } | { readonly error: unknown }

/** What has arrived of an answer and has not been passed on. */
export class Backlog {
  #chunks: Buffer[] = []
  #bytes = 0
  #end: AnswerEnd | undefined = undefined

  /** Bytes that were ever added. */
  get bytes(): number {
    return this.#bytes
  }

  get hasChunks(): boolean {
    return this.#chunks.length > 0
  }

  get hasEnd(): boolean {
    return this.#end !== undefined
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  finish(end: AnswerEnd): void {
    this.#end = end
  }

  nextChunk(): Buffer | undefined {
    return this.#chunks.shift()
  }

  takeEnd(): AnswerEnd | undefined {
    const end = this.#end
    this.#end = undefined
    return end
  }

  clear(): void {
    this.#chunks = []
    this.#end = undefined
  }
}
