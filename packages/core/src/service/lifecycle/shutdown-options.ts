import type { OptionCheck } from '../../foundation/config/index.js'

/** How long each phase of a shutdown may take. */
export interface ShutdownTimes {
  /**
   * How long to keep serving after readiness has turned to 503, in milliseconds: load balancers need it to look away.
   * @default 5000 in Kubernetes, 0 elsewhere
   */
  readonly drainDelayMs?: number | undefined
  /**
   * How long to wait for the requests in flight, in milliseconds.
   * @default 15000
   */
  readonly inFlightMs?: number | undefined
  /**
   * How long all close hooks together may take, in milliseconds.
   * @default 4000
   */
  readonly hooksMs?: number | undefined
  /**
   * How long logs and telemetry may take to be written, in milliseconds.
   * @default 1000
   */
  readonly flushMs?: number | undefined
  /**
   * When the process ends whatever is left, in milliseconds from the signal. Keep it below the orchestrator's patience
   * (`terminationGracePeriodSeconds`, 30 s by default).
   * @default 25000
   */
  readonly hardStopMs?: number | undefined
}

/** The times with every default filled in. */
export type ResolvedShutdownTimes = { readonly [Name in keyof ShutdownTimes]-?: number }

const shutdownDefaults = Object.freeze({
  drainDelayMs: 0,
  inFlightMs: 15_000,
  hooksMs: 4_000,
  flushMs: 1_000,
  hardStopMs: 25_000,
})

const drainDelayInKubernetesMs = 5_000

/** The names of the times, for those who check options that hold them. */
export const shutdownTimeNames = Object.keys(shutdownDefaults) as readonly (keyof ShutdownTimes)[]

/**
 * Checks the times and fills in what was not given.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when a time is out of range, or the hard stop comes before the rest.
 */
export function resolveShutdownTimes(times: ShutdownTimes, check: OptionCheck): ResolvedShutdownTimes {
  for (const name of shutdownTimeNames) {
    check.milliseconds(name, times[name], { min: 0, exclusive: name === 'hardStopMs' })
  }
  check.done()
  const inKubernetes = process.env.KUBERNETES_SERVICE_HOST !== undefined
  const resolved = {
    drainDelayMs:
      times.drainDelayMs ?? (inKubernetes ? drainDelayInKubernetesMs : shutdownDefaults.drainDelayMs),
    inFlightMs: times.inFlightMs ?? shutdownDefaults.inFlightMs,
    hooksMs: times.hooksMs ?? shutdownDefaults.hooksMs,
    flushMs: times.flushMs ?? shutdownDefaults.flushMs,
    hardStopMs: times.hardStopMs ?? shutdownDefaults.hardStopMs,
  }
  checkSum(resolved, check)
  check.done()
  return resolved
}

/** Whether given or by default: what the hard stop cuts off never runs. */
function checkSum(times: ResolvedShutdownTimes, check: OptionCheck): void {
  const phases = (['drainDelayMs', 'inFlightMs', 'hooksMs', 'flushMs'] as const).filter(
    (name) => times[name] > 0,
  )
  const sum = phases.reduce((total, name) => total + times[name], 0)
  if (sum <= times.hardStopMs) return
  const each = phases.map((name) => `${name} ${times[name]}`).join(' + ')
  check.add(
    'hardStopMs',
    `${times.hardStopMs} is less than ${each}: make it ${sum} at least, or those shorter`,
  )
}
