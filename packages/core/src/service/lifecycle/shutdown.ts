import type { Server } from 'node:http'
import { OptionCheck } from '../../foundation/config/index.js'
import { AbortedError, ClosedError, isHoldfastError } from '../../foundation/errors/index.js'
import { type CloseHook, type HookOutcome, type NamedHook, runHooks, since, within } from './close-hooks.js'
import { type Participant, ProcessExit, type StopCause } from './process-exit.js'
import { ServerDrain } from './server-drain.js'
import { ShutdownLog } from './shutdown-log.js'
import { type ResolvedShutdownTimes, resolveShutdownTimes, shutdownTimeNames } from './shutdown-options.js'
import type { ServerRole, Shutdown, ShutdownOptions, ShutdownResult, WorkContext } from './shutdown-types.js'

/** How long the hooks of the drain may take at least. */
const leastTellingMs = 1_000

class ServiceShutdown implements Shutdown, Participant {
  readonly #times: ResolvedShutdownTimes
  readonly #log: ShutdownLog
  readonly #onDraining: (() => void) | undefined
  readonly #process: ProcessExit | undefined
  readonly #abort = new AbortController()
  readonly #drainHooks: NamedHook[] = []
  readonly #hooks: NamedHook[] = []
  readonly #flushes: NamedHook[] = []
  readonly #servers: ServerDrain[] = []
  readonly #management: ServerDrain[] = []
  readonly #work = new Set<Promise<unknown>>()
  #state: Shutdown['state'] = 'running'
  #clean = true
  #result: Promise<ShutdownResult> | undefined = undefined

  constructor(options: ShutdownOptions, times: ResolvedShutdownTimes) {
    this.#times = times
    this.#log = new ShutdownLog(options.logger)
    this.#onDraining = options.onDraining
    const { exit = (code: number) => process.exit(code), process: events = process, signals = true } = options
    this.#process = signals ? ProcessExit.of(events, exit) : undefined
  }

  get state(): Shutdown['state'] {
    return this.#state
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  onShutdown(name: string, hook: CloseHook): () => void {
    return this.#add(this.#hooks, name, hook)
  }

  onDrain(name: string, hook: CloseHook): () => void {
    if (this.#state !== 'running') throw new ClosedError('the service is shutting down')
    return this.#add(this.#drainHooks, name, hook)
  }

  onFlush(name: string, hook: CloseHook): () => void {
    return this.#add(this.#flushes, name, hook)
  }

  track(server: Server, role: ServerRole = 'traffic'): void {
    const drain = new ServerDrain(server)
    if (role === 'traffic') this.#servers.push(drain)
    else this.#management.push(drain)
    if (this.#state !== 'running') drain.drain()
  }

  listenToProcess(): void {
    if (this.#state === 'running') this.#process?.join(this)
  }

  shutdown(reason = 'by hand'): Promise<ShutdownResult> {
    this.#result ??= this.#begin(reason)
    return this.#result
  }

  async run(work: (context: WorkContext) => unknown): Promise<void> {
    this.listenToProcess()
    const running = this.#settle(work)
    this.#work.add(running)
    const failure = await running
    this.#work.delete(running)
    const isInterrupted = this.#state !== 'running'
    const { clean } = await this.shutdown(failure === undefined ? 'the work is done' : 'the work failed')
    if (!isInterrupted) this.#process?.exitUnlessShared(clean ? 0 : 1)
    if (failure !== undefined) throw failure.error
  }

  async stop(cause: StopCause): Promise<number> {
    if (cause.kind === 'uncaught') this.#log.uncaught(cause.origin, cause.error)
    const { clean } = await this.shutdown(cause.kind === 'signal' ? cause.signal : cause.origin)
    return clean ? 0 : 1
  }

  cutShort(signal: string): void {
    this.#log.cutShort(signal, this.#state)
  }

  #add(hooks: NamedHook[], name: string, run: CloseHook): () => void {
    const check = new OptionCheck(`onShutdown('${name}')`)
    if (typeof name !== 'string' || name === '') check.add('name', 'must be a text that is not empty')
    if (typeof run !== 'function') check.add('hook', 'must be a function')
    check.done()
    if (this.#state === 'stopped') throw new ClosedError('the service has shut down')
    const hook = { name, run }
    hooks.push(hook)
    return () => {
      const index = hooks.indexOf(hook)
      if (index !== -1) hooks.splice(index, 1)
    }
  }

  async #settle(work: (context: WorkContext) => unknown): Promise<{ readonly error: unknown } | undefined> {
    try {
      await work({ signal: this.signal })
      return undefined
    } catch (error) {
      if (this.signal.aborted && isAbort(error, this.signal)) return undefined
      this.#clean = false
      this.#log.workFailed(error)
      return { error }
    }
  }

  async #begin(reason: string): Promise<ShutdownResult> {
    const startedAt = performance.now()
    const inTime = await within(this.#times.hardStopMs, this.#phases(reason, startedAt))
    if (!inTime) {
      this.#clean = false
      this.#log.hardStop(this.#times.hardStopMs, this.#state)
      for (const server of [...this.#servers, ...this.#management]) server.destroy()
    }
    this.#state = 'stopped'
    this.#process?.leave(this)
    return { clean: this.#clean, durationMs: since(startedAt) }
  }

  async #phases(reason: string, startedAt: number): Promise<void> {
    this.#state = 'draining'
    this.#log.begin(reason, this.#inFlight())
    await this.#drain()
    this.#state = 'closing'
    await this.#finishRequests()
    await this.#runHooks('hooks', this.#hooks.splice(0).reverse(), this.#times.hooksMs)
    for (const server of this.#management) server.destroy()
    const flushEndsAt = performance.now() + this.#times.flushMs
    await this.#runHooks('flush', this.#flushes.splice(0), this.#times.flushMs)
    this.#log.end(this.#clean, since(startedAt))
    await within(flushEndsAt - performance.now(), this.#log.flush())
  }

  async #drain(): Promise<void> {
    const startedAt = performance.now()
    try {
      this.#onDraining?.()
    } catch (error) {
      this.#clean = false
      this.#log.hook('drain', { name: 'onDraining', outcome: 'failed', durationMs: 0, error })
    }
    const told = this.#tellOfDrain()
    // Nobody sends requests to a worker, so there is nobody to look away.
    if (this.#servers.length > 0 && this.#times.drainDelayMs > 0) {
      for (const server of this.#servers) server.drain()
      await sleep(this.#times.drainDelayMs)
    }
    await told
    this.#abort.abort(new AbortedError('the service is shutting down'))
    this.#log.phase('drain', since(startedAt))
  }

  async #tellOfDrain(): Promise<void> {
    const hooks = this.#drainHooks.splice(0)
    const limitMs = Math.max(this.#times.drainDelayMs, leastTellingMs)
    // Side by side: one that hangs must not keep the others from being told.
    const all = hooks.map((hook) => {
      return runHooks([hook], limitMs, (outcome) => this.#log.hook('drain', outcome))
    })
    if ((await Promise.all(all)).includes(false)) this.#clean = false
  }

  async #finishRequests(): Promise<void> {
    const startedAt = performance.now()
    const open = [...this.#servers.map((server) => server.close()), ...this.#work]
    await within(this.#times.inFlightMs, Promise.all(open))
    const cut = this.#inFlight()
    for (const server of this.#servers) server.destroy()
    if (cut > 0) {
      this.#clean = false
      this.#log.cut(cut, since(startedAt))
    } else this.#log.phase('in-flight', since(startedAt))
  }

  async #runHooks(phase: string, hooks: readonly NamedHook[], limitMs: number): Promise<void> {
    const startedAt = performance.now()
    const onOutcome = (outcome: HookOutcome) => this.#log.hook(phase, outcome)
    if (!(await runHooks(hooks, limitMs, onOutcome))) this.#clean = false
    this.#log.phase(phase, since(startedAt))
  }

  /** Requests and workers that have not ended. */
  #inFlight(): number {
    return this.#servers.reduce((sum, server) => sum + server.inFlight, this.#work.size)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason || isHoldfastError(error, 'ABORTED')) return true
  return error instanceof Error && error.name === 'AbortError'
}

/**
 * Ends a service in order: readiness fails, the drain delay passes, requests in flight are answered and keep-alive
 * connections told to close, close hooks run in reverse order, logs and telemetry are flushed. A service has one;
 * use it by itself for a process without a service.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is wrong.
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { createShutdown } from '@holdfast/core'
 *
 * const shutdown = createShutdown({ signals: false })
 * const server = createServer((_, response) => response.end('hello'))
 * shutdown.track(server)
 * shutdown.onShutdown('database', async () => console.log('closed'))
 * server.listen(0)
 * console.log((await shutdown.shutdown()).clean) // true
 * ```
 */
export function createShutdown(options: ShutdownOptions = {}): Shutdown {
  const check = new OptionCheck('createShutdown()')
  const names = [...shutdownTimeNames, 'logger', 'signals', 'onDraining', 'exit', 'process']
  if (check.object('', options, names)) {
    check.boolean('signals', options.signals)
    check.function('onDraining', options.onDraining)
    check.function('exit', options.exit)
  }
  return new ServiceShutdown(options, resolveShutdownTimes(options, check))
}
