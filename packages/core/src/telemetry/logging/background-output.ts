import { fstatSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { LogDestination } from './log-destination.js'

/** Lines are written together once there are so many bytes, or after so many milliseconds. */
const chunkBytes = 65_536
const batchMs = 50
/** A character of a string is so many bytes at most. */
const bytesPerCharacter = 3
/** Beyond this the reader is taken to hang, and lines are dropped. */
const maxBytes = 8 * 1024 * 1024
/** A pipe that is full is tried again after this long, in milliseconds; at the exit of the process this often. */
const retryMs = 10
const exitTries = 50
const newline = 10

type Flushed = (error?: Error) => void

/** Those with lines still to be written. */
const unwritten = new Set<BackgroundOutput>()
let savesAtExit = false

/**
 * A file descriptor written to in the background: whoever logs never waits for whoever reads the log, and memory stays
 * bounded when nobody does. What is left is written when the process exits.
 *
 * pino's own destination writes so often in the background that each line costs as much again as making it. And a line
 * becomes bytes at once: strings that wait for their batch would be copied by every collection of garbage.
 */
export class BackgroundOutput implements LogDestination {
  readonly #descriptor: number
  /** A file takes bytes at once: to hand them to another thread costs more than that, as much as making the lines. */
  readonly #isInstant: boolean
  /** Where lines are put, and how far it is filled. */
  #chunk: Buffer = Buffer.alloc(0)
  #filled = 0
  /** Chunks to be written, the oldest first. */
  #chunks: Buffer[] = []
  #chunksBytes = 0
  #isWriting = false
  #timer: ReturnType<typeof setTimeout> | undefined = undefined
  #dropped = 0
  #broken = false
  #waiting: Flushed[] = []

  constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#isInstant = isFile(descriptor)
  }

  write(line: string): void {
    if (this.#broken) return
    if (this.#chunksBytes + this.#filled > maxBytes) {
      this.#dropped++
      return
    }
    const mostBytes = line.length * bytesPerCharacter
    if (this.#chunk.length - this.#filled < mostBytes) this.#makeRoom(mostBytes)
    this.#filled += this.#chunk.write(line, this.#filled)
    if (this.#isWriting || this.#timer !== undefined) return
    saveAtExit(this)
    this.#timer = setTimeout(() => this.#writeNext(), batchMs).unref()
  }

  /** Calls back once everything logged so far is written. */
  flush(callback?: Flushed): void {
    if (callback !== undefined) this.#waiting.push(callback)
    if (!this.#isWriting) this.#writeNext()
  }

  /** Writes what is left, and waits for it a moment. */
  flushSync(): void {
    this.#seal()
    let rest = Buffer.concat(this.#isWriting ? this.#chunks.slice(1) : this.#chunks)
    this.#chunks = this.#isWriting ? this.#chunks.slice(0, 1) : []
    this.#chunksBytes = this.#chunks[0]?.length ?? 0
    for (let tries = 0; rest.length > 0 && tries < exitTries && !this.#broken; tries++) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest))
      } catch (error) {
        this.#broken = !isFull(error)
        if (!this.#broken) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
      }
    }
    unwritten.delete(this)
  }

  #makeRoom(bytes: number): void {
    this.#seal()
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes))
    if (!this.#isWriting && this.#chunks.length > 0) this.#writeNext()
  }

  /** What has been put into the chunk is complete. The rest of it takes the next lines. */
  #seal(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#filled > 0) {
      this.#add(this.#chunk.subarray(0, this.#filled))
      this.#chunk = this.#chunk.subarray(this.#filled)
      this.#filled = 0
    }
    if (this.#dropped === 0) return
    const line = { level: 'warn', time: new Date(), dropped: this.#dropped, msg: 'log lines dropped' }
    this.#dropped = 0
    this.#add(Buffer.from(`${JSON.stringify(line)}\n`))
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#chunksBytes += chunk.length
  }

  #writeNext(): void {
    if (this.#chunks.length === 0) this.#seal()
    const [chunk] = this.#chunks
    if (chunk === undefined) {
      this.#settle()
      return
    }
    if (this.#isInstant) {
      this.#writeNow(chunk)
      return
    }
    this.#isWriting = true
    write(this.#descriptor, chunk, (error, written) => this.#onWritten(error, written))
  }

  #writeNow(chunk: Buffer): void {
    let written: number
    try {
      written = writeSync(this.#descriptor, chunk)
    } catch (error) {
      this.#onWritten(error as NodeJS.ErrnoException, 0)
      return
    }
    this.#onWritten(null, written)
  }

  #onWritten(error: NodeJS.ErrnoException | null, written: number): void {
    this.#isWriting = false
    if (error !== null && isFull(error)) {
      // Nothing is under way until then: a process that exits has this chunk still to write.
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#writeNext(), retryMs).unref()
      return
    }
    if (error !== null && isDiskFull(error)) {
      // There may be room again.
      this.#dropFirst()
      this.#settle(error)
      return
    }
    if (error !== null) {
      // The reader has gone: nobody will ever read what is logged from now on.
      this.#broken = true
      this.#chunk = Buffer.alloc(0)
      this.#filled = 0
      this.#chunks = []
      this.#settle(error)
      return
    }
    this.#chunksBytes -= written
    const [chunk] = this.#chunks
    if (chunk !== undefined && written < chunk.length) this.#chunks[0] = chunk.subarray(written)
    else this.#chunks.shift()
    this.#writeNext()
  }

  #dropFirst(): void {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return
    this.#chunksBytes -= chunk.length
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) this.#dropped++
  }

  #settle(error?: Error): void {
    unwritten.delete(this)
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback(error)
  }
}

/** Whether nobody can keep a writer waiting: a file or a device, but no pipe, no socket and no terminal. */
function isFile(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.isFile() || (stats.isCharacterDevice() && !isatty(descriptor))
  } catch {
    return false
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN'
}

function isDiskFull(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOSPC' || error.code === 'EDQUOT'
}

function saveAtExit(output: BackgroundOutput): void {
  unwritten.add(output)
  if (savesAtExit) return
  savesAtExit = true
  process.on('exit', () => {
    for (const each of unwritten) each.flushSync()
  })
}

let standard: BackgroundOutput | undefined

/** Standard output; there is one, however many loggers write to it. */
export function standardOutput(): LogDestination {
  standard ??= new BackgroundOutput(1)
  return standard
}
