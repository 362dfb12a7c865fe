import type { EventEmitter } from 'node:events'

/** The part of `process` that is listened to. */
export type ProcessEvents = Pick<EventEmitter, 'on' | 'off'>

/** Something that stops with the process. */
export interface Participant {
  /** Stops; gives the exit code. Called again, gives the same promise. */
  stop(cause: StopCause): Promise<number>
  /** Tells of a second signal, just before the exit. */
  cutShort(signal: string): void
}

/** Why a process stops. */
export type StopCause =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'uncaught'; readonly origin: string; readonly error: unknown }

/**
 * How soon a repeated signal is still the same one, in milliseconds. A terminal's Ctrl-C reaches a child of npm twice:
 * once by itself, once from npm. So does a SIGTERM that an init process or systemd sends to the whole group, and npm may
 * take its time; nobody who means a second one sends it within a second.
 */
const repeatMs: Readonly<Record<string, number>> = Object.freeze({ SIGINT: 100, SIGTERM: 1_000 })

const registered = new WeakMap<ProcessEvents, ProcessExit>()

/** One for a process: services that share it stop together, and it ends when the last of them has. */
export class ProcessExit {
  static of(events: ProcessEvents, exit: (code: number) => void): ProcessExit {
    const known = registered.get(events)
    if (known !== undefined) return known
    const made = new ProcessExit(events, exit)
    registered.set(events, made)
    return made
  }

  readonly #events: ProcessEvents
  readonly #exit: (code: number) => void
  readonly #participants = new Set<Participant>()
  #stopping = false
  #firstSignal: { readonly name: string; readonly at: number } | undefined = undefined
  /** The worst code of those that have stopped. */
  #code = 0

  private constructor(events: ProcessEvents, exit: (code: number) => void) {
    this.#events = events
    this.#exit = exit
  }

  join(participant: Participant): void {
    if (this.#participants.size === 0) {
      this.#events.on('SIGTERM', this.#onSignal)
      this.#events.on('SIGINT', this.#onSignal)
      this.#events.on('uncaughtException', this.#onUncaught)
      this.#events.on('unhandledRejection', this.#onRejection)
    }
    this.#participants.add(participant)
  }

  /** The participant has stopped by itself. */
  leave(participant: Participant): void {
    if (this.#stopping || !this.#participants.delete(participant)) return
    if (this.#participants.size === 0) this.#unlisten()
  }

  /** Ends the process if nothing else is at work in it. */
  exitUnlessShared(code: number): void {
    if (this.#participants.size === 0 && !this.#stopping) this.#exit(code)
  }

  readonly #onSignal = (name: string): void => {
    const at = performance.now()
    const first = this.#firstSignal
    if (first === undefined) {
      this.#firstSignal = { name, at }
      this.#stopAll({ kind: 'signal', signal: name })
      return
    }
    if (name === first.name && at - first.at < (repeatMs[name] ?? 0)) return
    for (const participant of this.#participants) participant.cutShort(name)
    this.#exit(1)
  }

  readonly #onUncaught = (error: unknown): void => this.#fail(error, 'uncaughtException')
  readonly #onRejection = (error: unknown): void => this.#fail(error, 'unhandledRejection')

  #fail(error: unknown, origin: string): void {
    this.#code = 1
    this.#stopAll({ kind: 'uncaught', origin, error })
  }

  #stopAll(cause: StopCause): void {
    const codes = [...this.#participants].map((participant) => participant.stop(cause))
    if (this.#stopping) return
    this.#stopping = true
    void Promise.all(codes).then((all) => {
      this.#unlisten()
      this.#participants.clear()
      const code = Math.max(this.#code, ...all)
      this.#stopping = false
      this.#firstSignal = undefined
      this.#code = 0
      this.#exit(code)
    })
  }

  #unlisten(): void {
    this.#events.off('SIGTERM', this.#onSignal)
    this.#events.off('SIGINT', this.#onSignal)
    this.#events.off('uncaughtException', this.#onUncaught)
    this.#events.off('unhandledRejection', this.#onRejection)
  }
}
