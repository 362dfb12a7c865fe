import type { Dispatcher } from 'undici'

/** Where a dependency is. */
export interface Target {
  /** One name for all replicas. */
  readonly name: string
  /** Each replica. */
  readonly replicas: readonly string[]
  /** Takes the place of the network in a simulation. */
  readonly network: Dispatcher | undefined
}

/** What a scenario asks of every client, and nothing else: all else is its default. */
export interface CallSettings {
  /** The time of one attempt, in milliseconds. */
  readonly attemptTimeoutMs: number
  /** Hedges where the client can. */
  readonly hedges?: boolean
  /** Work that nobody waits for: may be repeated for a minute. */
  readonly isBackground?: boolean
}

/** One client instance. */
export interface ArmClient {
  /** Resolves with a successful answer, rejects otherwise. Clients that know priorities tell the server. */
  call(path: string, isCritical?: boolean): Promise<unknown>
  close(): Promise<void>
}

/** A client library in its usual set-up. */
export interface Arm {
  readonly name: string
  /** Whether its transport can be replaced. */
  readonly canBeSimulated: boolean
  connect(target: Target, settings: CallSettings): ArmClient
}

/** Attempts a call, where a client repeats it. */
export const maxAttempts = 3

/** A status that is no success, as the clients' error. */
export class StatusError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}
