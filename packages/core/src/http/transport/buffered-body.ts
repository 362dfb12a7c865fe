import { type Coding, decodeBody } from './content-encoding.js'

const noBytes = Buffer.alloc(0)

/** Collects the body of a response up to a limit, or only counts it. */
export class BufferedBody {
  readonly #codings: readonly Coding[]
  readonly #limit: number
  readonly #maxBytes: number
  readonly #isKept: boolean
  #bytes = 0
  #first: Buffer | undefined = undefined
  #chunks: Buffer[] | undefined = undefined

  /**
   * @param limit bytes to accept from the wire
   * @param maxBytes bytes to accept after decompression
   */
  constructor(codings: readonly Coding[], limit: number, maxBytes: number, isKept: boolean) {
    this.#codings = codings
    this.#limit = limit
    this.#maxBytes = maxBytes
    this.#isKept = isKept
  }

  /** `false` when the body has become too large. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#bytes > this.#limit) return false
    if (!this.#isKept) return true
    // Most bodies come in one piece and need no list.
    if (this.#first === undefined) this.#first = chunk
    else if (this.#chunks === undefined) this.#chunks = [this.#first, chunk]
    else this.#chunks.push(chunk)
    return true
  }

  /** What was kept of a body that has become too large; nothing of a compressed one. */
  beginning(): Buffer {
    return this.#codings.length > 0 ? noBytes : this.raw()
  }

  /** What has come, as it came. */
  raw(): Buffer {
    return this.#chunks === undefined ? (this.#first ?? noBytes) : Buffer.concat(this.#chunks)
  }

  /** The decompressed body; nothing of one that was only counted. */
  finish(): Buffer | Promise<Buffer> | undefined {
    if (!this.#isKept) return undefined
    const body =
      this.#chunks === undefined ? (this.#first ?? noBytes) : Buffer.concat(this.#chunks, this.#bytes)
    return this.#codings.length === 0 ? body : decodeBody(body, this.#codings, this.#maxBytes)
  }
}
