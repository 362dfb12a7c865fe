import type { Dispatcher } from 'undici'
import type { Phase } from '../../foundation/errors/index.js'

/** What the connections of a pool that are not open yet are doing. */
export interface ConnectionProgress {
  lookups: number
  connecting: number
}

const progressOf = new WeakMap<Dispatcher, ConnectionProgress>()

/** Has `phaseOfConnecting` know about `dispatcher`. */
export function trackProgress(dispatcher: Dispatcher, progress: ConnectionProgress): void {
  progressOf.set(dispatcher, progress)
}

/**
 * Where a request is that undici has not started. undici does not tell which connection a request waits for, so this
 * is what the pool as a whole is doing; of a foreign dispatcher it is unknown.
 */
export function phaseOfConnecting(dispatcher: Dispatcher): Phase {
  const progress = progressOf.get(dispatcher)
  if (progress === undefined) return 'connecting'
  if (progress.lookups > 0) return 'lookup'
  return progress.connecting > 0 ? 'connecting' : 'queued'
}
