import type { CanaryEvidence, CanaryResult } from './canary-run.js'

interface TrafficEvent {
  /** The name of the split. */
  readonly split: string
}

/** What a split reports through `on`. */
export interface TrafficEvents {
  /** The weights have changed, whoever did it. */
  shifted: TrafficEvent & {
    readonly weights: Readonly<Record<string, number>>
    readonly before: Readonly<Record<string, number>>
    readonly cause: 'setWeights' | 'switchTo' | 'rollback' | 'canary'
  }
  /** A canary has taken a step, the first included. */
  canaryStep: TrafficEvent &
    Pick<CanaryEvidence, 'version' | 'baseline' | 'percent'> & {
      /** Counted from 1. */
      readonly step: number
    }
  /** A canary was no worse at any step, and keeps all of the calls. */
  canaryPromoted: TrafficEvent & CanaryResult
  /** A canary was worse than allowed, or `rollback()` was called: it gets no calls any more. */
  canaryRolledBack: TrafficEvent & CanaryResult
  /** Weights were set by hand while a canary was on its way, or the split was closed. */
  canaryStopped: TrafficEvent & CanaryResult
}

/** The names that `on` takes. */
export const trafficEventNames = [
  'shifted',
  'canaryStep',
  'canaryPromoted',
  'canaryRolledBack',
  'canaryStopped',
] as const satisfies readonly (keyof TrafficEvents)[]
