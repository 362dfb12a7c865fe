import { Duplex, type Transform } from 'node:stream'
import zlib from 'node:zlib'

/** Whether a deflate body has the zlib wrapper that it should have; some servers leave it out. Told by two bytes. */
export function isWrapped([first = 0, second = 0]: Buffer): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}

/** Undoes deflate with the zlib wrapper and without, however few bytes come at first. */
export class Inflate extends Duplex {
  #beginning: Buffer | undefined = undefined
  #inner: Transform | undefined = undefined

  override _write(chunk: Buffer, _: unknown, callback: (error?: Error | null) => void): void {
    if (this.#inner !== undefined) {
      this.#inner.write(chunk, callback)
      return
    }
    const beginning = this.#beginning === undefined ? chunk : Buffer.concat([this.#beginning, chunk])
    this.#beginning = beginning
    if (beginning.length < 2) callback()
    else this.#open(beginning).write(beginning, callback)
  }

  override _final(callback: () => void): void {
    const beginning = this.#beginning
    if (this.#inner === undefined && beginning !== undefined && beginning.length > 0) {
      this.#open(beginning).write(beginning)
    }
    if (this.#inner === undefined) this.push(null)
    else this.#inner.end()
    callback()
  }

  override _read(): void {
    this.#inner?.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#inner?.destroy()
    callback(error)
  }

  #open(beginning: Buffer): Transform {
    const inner = isWrapped(beginning) ? zlib.createInflate() : zlib.createInflateRaw()
    this.#inner = inner
    this.#beginning = undefined
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause()
    })
    inner.once('end', () => this.push(null))
    inner.on('error', (error) => this.destroy(error))
    return inner
  }
}
