import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { contextStorage } from '../../../telemetry/context/index.js'

/** What a file holds: its text, or why there is none. */
export type FileState =
  | { readonly text: string }
  | { readonly text: undefined; readonly code: string; readonly error: unknown }

/** An event is followed by others: a file that is being written is read once it has been left alone for so long, in milliseconds. */
const settleMs = 100

/**
 * Watches what a file holds, however it is replaced: written to, renamed onto, or reached by a symlink that is swapped,
 * as Kubernetes does with a ConfigMap. The folder is watched, not the file, because a watch on a file follows the old one;
 * and what the system does not tell of is found by looking every `pollMs`.
 *
 * It keeps no process alive.
 */
export class FileWatch {
  readonly #path: string
  readonly #pollMs: number
  readonly #onChange: (state: FileState) => void
  #seen: string
  #watcher: FSWatcher | undefined = undefined
  #poll: NodeJS.Timeout | undefined = undefined
  #settling: NodeJS.Timeout | undefined = undefined
  #isClosed = false
  #looking = Promise.resolve()

  /** @param seen the state that is known already */
  constructor(path: string, pollMs: number, seen: FileState, onChange: (state: FileState) => void) {
    this.#path = path
    this.#pollMs = pollMs
    this.#seen = keyOf(seen)
    this.#onChange = onChange
    contextStorage.exit(() => this.#start())
  }

  close(): void {
    this.#isClosed = true
    this.#watcher?.close()
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
  }

  #start(): void {
    this.#poll = setInterval(() => void this.#look(), this.#pollMs).unref()
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, () => this.#stirred())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // A folder that cannot be watched, or is not there yet, is looked at now and then all the same.
    }
  }

  #stirred(): void {
    clearTimeout(this.#settling)
    if (!this.#isClosed) this.#settling = setTimeout(() => void this.#look(), settleMs).unref()
  }

  /** One look at a time: a slow one that is overtaken would bring back what the file held before. */
  #look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#read())
    return this.#looking
  }

  async #read(): Promise<void> {
    if (this.#isClosed) return
    const state = await readFile(this.#path, 'utf8').then(
      (text): FileState => ({ text }),
      (error: unknown) => absent(error),
    )
    const key = keyOf(state)
    if (this.#isClosed || key === this.#seen) return
    this.#seen = key
    this.#onChange(state)
  }
}

/** What the file holds now. */
export function readState(path: string): FileState {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return absent(error)
  }
}

function absent(error: unknown): FileState {
  const { code } = error as { readonly code?: unknown }
  return { text: undefined, code: typeof code === 'string' ? code : 'UNKNOWN', error }
}

function keyOf(state: FileState): string {
  return state.text === undefined ? `! ${state.code}` : `= ${state.text}`
}
