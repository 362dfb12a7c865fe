import { write, writeSync } from 'node:fs'
import type { LogDestination } from './log-destination.js'

/** Lines are written together once there are so many characters, or after so many milliseconds. */
const batchLength = 65_536
const batchMs = 50
/** Beyond this the reader is taken to hang, and lines are dropped. */
const maxLength = 8 * 1024 * 1024
/** A pipe that is full is tried again after this long, in milliseconds; at the exit of the process this often. */
const retryMs = 10
const exitTries = 50

type Flushed = (error?: Error) => void

/** Those with lines still to be written. */
const unwritten = new Set<BackgroundOutput>()
let savesAtExit = false

/**
 * A file descriptor written to in the background: whoever logs never waits for whoever reads the log, and memory stays
 * bounded when nobody does. What is left is written when the process exits.
 *
 * pino's own destination writes so often in the background that each line costs as much again as making it.
 */
export class BackgroundOutput implements LogDestination {
  readonly #descriptor: number
  #text = ''
  /** What the operating system has not taken yet of a batch. */
  #batch: Buffer | undefined = undefined
  #isWriting = false
  #timer: ReturnType<typeof setTimeout> | undefined = undefined
  #dropped = 0
  #broken = false
  #waiting: Flushed[] = []

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    if (this.#broken) return
    if (this.#text.length > maxLength) {
      this.#dropped++
      return
    }
    if (this.#text === '') saveAtExit(this)
    this.#text += line
    if (this.#isWriting) return
    if (this.#text.length >= batchLength) this.#writeBatch()
    else this.#timer ??= setTimeout(() => this.#writeBatch(), batchMs).unref()
  }

  /** Calls back once everything logged so far is written. */
  flush(callback?: Flushed): void {
    if (callback !== undefined) this.#waiting.push(callback)
    if (!this.#isWriting) this.#writeBatch()
  }

  /** Writes what is left, and waits for it a moment. */
  flushSync(): void {
    let rest = Buffer.concat([
      this.#isWriting ? Buffer.alloc(0) : (this.#batch ?? Buffer.alloc(0)),
      this.#take(),
    ])
    if (!this.#isWriting) this.#batch = undefined
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

  #take(): Buffer {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#text + this.#droppedLine()
    this.#text = ''
    return Buffer.from(text)
  }

  #droppedLine(): string {
    if (this.#dropped === 0) return ''
    const line = { level: 'warn', time: new Date(), dropped: this.#dropped, msg: 'log lines dropped' }
    this.#dropped = 0
    return `${JSON.stringify(line)}\n`
  }

  #writeBatch(): void {
    if (this.#batch === undefined) {
      if (this.#text === '') {
        this.#settle()
        return
      }
      this.#batch = this.#take()
    }
    this.#isWriting = true
    write(this.#descriptor, this.#batch, (error, written) => this.#onWritten(error, written))
  }

  #onWritten(error: NodeJS.ErrnoException | null, written: number): void {
    if (error !== null && isFull(error)) {
      setTimeout(() => this.#writeBatch(), retryMs).unref()
      return
    }
    this.#isWriting = false
    if (error !== null) {
      // The reader has gone: nobody will ever read what is logged from now on.
      this.#broken = true
      this.#text = ''
      this.#batch = undefined
      this.#settle(error)
      return
    }
    const batch = this.#batch
    this.#batch = batch !== undefined && written < batch.length ? batch.subarray(written) : undefined
    this.#writeBatch()
  }

  #settle(error?: Error): void {
    unwritten.delete(this)
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback(error)
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN'
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
