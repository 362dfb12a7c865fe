import type { Logger } from '../../telemetry/context/index.js'
import type { HookOutcome } from './close-hooks.js'

/** What a shutdown says of itself. A logger that throws holds nothing up. */
export class ShutdownLog {
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  begin(reason: string, inFlight: number): void {
    this.#write('info', { event: 'shutdown', reason, in_flight: inFlight }, `shutting down: ${reason}`)
  }

  phase(phase: string, durationMs: number): void {
    this.#write('info', { event: 'shutdown', phase, duration_ms: durationMs }, `shutdown: ${phase} done`)
  }

  cut(requests: number, durationMs: number): void {
    const fields = { event: 'shutdown', phase: 'in-flight', requests, duration_ms: durationMs }
    this.#write('warn', fields, `shutdown: ${requests} requests in flight were cut off`)
  }

  hook(phase: string, outcome: HookOutcome): void {
    const { durationMs, name } = outcome
    const fields = { event: 'shutdown', phase, hook: name, duration_ms: durationMs }
    if (outcome.outcome === 'closed') this.#write('info', fields, `shutdown: '${name}' closed`)
    else if (outcome.outcome === 'hanging') {
      this.#write('warn', fields, `shutdown: '${name}' did not end in time`)
    } else this.#write('error', { ...fields, err: outcome.error }, `shutdown: '${name}' failed`)
  }

  hardStop(afterMs: number, state: string): void {
    this.#write('error', { event: 'shutdown', state, after_ms: afterMs }, 'shutdown: hard stop')
  }

  cutShort(signal: string, state: string): void {
    this.#write(
      'warn',
      { event: 'shutdown', signal, state },
      `shutdown: second signal, ${signal}: exiting now`,
    )
  }

  uncaught(origin: string, error: unknown): void {
    this.#write('fatal', { event: 'shutdown', origin, err: error }, `shutdown: ${origin}`)
  }

  workFailed(error: unknown): void {
    this.#write('error', { event: 'shutdown', err: error }, 'the work failed')
  }

  end(clean: boolean, durationMs: number): void {
    this.#write(
      clean ? 'info' : 'warn',
      { event: 'shutdown', clean, duration_ms: durationMs },
      'shutdown: done',
    )
  }

  /** Never rejects. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#logger?.flush === undefined) return resolve()
      try {
        this.#logger.flush(() => resolve())
      } catch {
        resolve()
      }
    })
  }

  #write(level: 'info' | 'warn' | 'error' | 'fatal', fields: object, message: string): void {
    try {
      this.#logger?.[level](fields, message)
    } catch {
      // There is nowhere left to say it.
    }
  }
}
