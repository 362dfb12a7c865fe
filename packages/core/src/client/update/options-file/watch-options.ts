import { resolve } from 'node:path'
import { OptionCheck, show } from '../../../foundation/config/index.js'
import { ConfigInvalidError } from '../../../foundation/errors/index.js'
import type { Logger } from '../../../telemetry/context/index.js'
import { checkLogger, describeChange, quietly } from '../../../telemetry/logging/index.js'
import { type Updater, updaterOf } from '../updatable.js'
import { type FileState, FileWatch, readState } from './file-watch.js'
import { applyFile, type UpdatedClients } from './options-file.js'

/** Options of `watchOptions`. */
export interface WatchOptions {
  /**
   * A logger like pino's: what a file has changed at `info`, what is wrong with it at `error`.
   * @default a process warning of what is wrong
   */
  readonly logger?: Logger
  /**
   * Whether the file may be missing: then the options are those of the code.
   * @default false
   */
  readonly optional?: boolean
  /**
   * How often the file is looked at, in milliseconds, where the system does not tell of changes.
   * @default 5000
   */
  readonly pollMs?: number
}

/** A file of options that is being watched. */
export interface OptionsWatch {
  /** The whole path. */
  readonly file: string
  /** Stops watching. The options stay as they are. */
  close(): void
  [Symbol.dispose](): void
}

/** What has options that can change: a client of `createClient()`. */
export interface UpdatableClient {
  $update(options: never): void
}

const watchDefaults = Object.freeze({ optional: false, pollMs: 5_000 })

/**
 * Reads options of clients from a JSON file, and again whenever it changes. The file is laid over what the code says;
 * what is taken out of it goes back to what the code says. It changes all clients or, where anything in it is wrong,
 * none.
 *
 * @param clients the clients by the names that the file has for them
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the file, as long as it is read for
 * the first time; later that is logged, and the options stay.
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs'
 * import { join } from 'node:path'
 * import { tmpdir } from 'node:os'
 * import { createClient, defineContract, watchOptions } from '@holdfast/core'
 *
 * const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
 * await using client = createClient(orders, { baseUrl: 'http://127.0.0.1:3000' })
 *
 * const file = join(mkdtempSync(join(tmpdir(), 'options-')), 'holdfast.json')
 * writeFileSync(file, '{ "clients": { "orders": { "timeoutMs": 500 } } }')
 * const watch = watchOptions(file, { orders: client })
 * watch.close()
 * ```
 */
export function watchOptions(
  file: string,
  clients: Readonly<Record<string, UpdatableClient | readonly UpdatableClient[]>>,
  options: WatchOptions = {},
): OptionsWatch {
  const check = checkWatch('watchOptions()', file, options)
  const updaters = updatersOf(check, clients)
  check.done()
  return new OptionsFileWatch(file, () => updaters, options)
}

/** Watches a file for clients of which there may be more later. */
export class OptionsFileWatch implements OptionsWatch {
  readonly file: string
  readonly #clients: () => UpdatedClients
  readonly #options: WatchOptions
  readonly #watch: FileWatch
  #state: FileState
  #onClose: () => void = () => {}

  /** @throws {ConfigInvalidError} `CONFIG_INVALID` when an option or the file is wrong. */
  static open(
    subject: string,
    file: string,
    options: WatchOptions,
    clients: () => UpdatedClients,
  ): OptionsFileWatch {
    checkWatch(subject, file, options).done()
    return new OptionsFileWatch(file, clients, options)
  }

  /** @throws {ConfigInvalidError} `CONFIG_INVALID` when the file is wrong. */
  constructor(file: string, clients: () => UpdatedClients, options: WatchOptions) {
    this.file = resolve(file)
    this.#clients = clients
    this.#options = options
    this.#state = readState(this.file)
    this.#apply()
    const { pollMs = watchDefaults.pollMs } = options
    this.#watch = new FileWatch(this.file, pollMs, this.#state, (state) => {
      this.#state = state
      this.refresh()
    })
  }

  /** Lays the file over clients that have come since. */
  refresh(): void {
    try {
      this.#apply()
    } catch (error) {
      this.#report(error)
    }
  }

  /** Calls `listener` when it is closed. */
  onClose(listener: () => void): this {
    this.#onClose = listener
    return this
  }

  close(): void {
    this.#watch.close()
    this.#onClose()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #apply(): void {
    const { logger, optional = watchDefaults.optional } = this.#options
    const changes = applyFile(this.file, this.#state, this.#clients(), optional)
    if (changes.length === 0 || logger === undefined) return
    quietly(() =>
      logger.info({ file: this.file, changes: changes.map(describeChange) }, 'options file applied'),
    )
  }

  #report(error: unknown): void {
    const { logger } = this.#options
    const problems =
      error instanceof ConfigInvalidError
        ? error.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
        : [show(error)]
    const message = 'options file refused: the options stay as they are'
    if (logger === undefined) {
      process.emitWarning(`${message}: ${this.file}: ${problems.join('; ')}`, 'HoldfastWarning')
    } else quietly(() => logger.error({ file: this.file, problems }, message))
  }
}

/** Checks what does not depend on the clients. */
function checkWatch(subject: string, file: unknown, options: WatchOptions): OptionCheck {
  const check = new OptionCheck(subject)
  if (typeof file !== 'string' || file === '')
    check.add('file', `must be the path of a file, not ${show(file)}`)
  if (check.object('options', options ?? null, ['logger', 'optional', 'pollMs'])) {
    check.boolean('options.optional', options.optional)
    check.milliseconds('options.pollMs', options.pollMs, { min: 10, exclusive: false })
    if (options.logger !== undefined) checkLogger(check, options.logger)
  }
  return check
}

function updatersOf(check: OptionCheck, clients: unknown): UpdatedClients {
  const updaters = new Map<string, readonly Updater[]>()
  const seen = new Set<unknown>()
  if (!check.object('clients', clients ?? null, Object.keys(Object(clients)))) return updaters
  for (const [name, given] of Object.entries(clients as Readonly<Record<string, unknown>>)) {
    const found = (Array.isArray(given) ? given : [given]).map(updaterOf)
    const isTwice = found.some((updater, at) => found.indexOf(updater) < at || seen.has(updater))
    for (const updater of found) seen.add(updater)
    if (found.some((updater) => updater === undefined)) {
      check.add(`clients.${name}`, 'must be a client of createClient(), or a list of them')
    } else if (isTwice) {
      check.add(`clients.${name}`, 'is a client that is there already; give each one name, and once')
    } else updaters.set(name, found as readonly Updater[])
  }
  return updaters
}
