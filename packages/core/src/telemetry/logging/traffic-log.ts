import type { Logger } from '../context/index.js'
import { isLogged, quietly } from './quietly.js'

interface LoggedCanary {
  readonly version: string
  readonly baseline: string
  readonly percent: number
}

/** The events of a traffic split that are logged. */
export interface LoggedTrafficEvents {
  readonly shifted: { readonly weights: Readonly<Record<string, number>>; readonly cause: string }
  readonly canaryStep: LoggedCanary
  readonly canaryPromoted: LoggedCanary
  readonly canaryRolledBack: LoggedCanary & { readonly reason: string | undefined; readonly detail: string }
  readonly canaryStopped: LoggedCanary & { readonly detail: string }
}

/** The part of a traffic split that is logged. */
export interface LoggedTraffic {
  on<Name extends keyof LoggedTrafficEvents>(
    name: Name,
    listener: (event: LoggedTrafficEvents[Name]) => void,
  ): () => void
}

/** Logs how the calls of a dependency are shared between its versions, until the returned function is called. */
export function logTraffic(logger: Logger, dependency: string, traffic: LoggedTraffic): () => void {
  const write = (level: 'info' | 'warn', message: string, fields: object): void => {
    if (isLogged(logger, level)) quietly(() => logger[level]({ dependency, ...fields }, message))
  }
  const stops = [
    traffic.on('shifted', ({ cause, weights }) => {
      // Canaries tell of themselves.
      if (cause !== 'canary') write('info', 'traffic shifted', { cause, weights })
    }),
    traffic.on('canaryStep', (event) => write('info', 'canary step', canaryFields(event))),
    traffic.on('canaryPromoted', (event) => write('info', 'canary promoted', canaryFields(event))),
    traffic.on('canaryRolledBack', (event) => {
      const { detail, reason } = event
      write('warn', 'canary rolled back', { ...canaryFields(event), reason, detail })
    }),
    traffic.on('canaryStopped', (event) => {
      write('info', 'canary stopped', { ...canaryFields(event), detail: event.detail })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function canaryFields({ baseline, percent, version }: LoggedCanary): object {
  return { dependency_version: version, baseline, percent }
}
