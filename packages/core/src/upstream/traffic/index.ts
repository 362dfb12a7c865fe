export type { CanaryOptions } from './canary-options.js'
export type {
  CanaryEvidence,
  CanaryProgress,
  CanaryReading,
  CanaryResult,
  CanaryRun,
} from './canary-run.js'
export type { TrafficDecision } from './traffic-decision.js'
export type { TrafficEvents } from './traffic-events.js'
export type { TrafficSplitOptions } from './traffic-options.js'
export type { TrafficHeaders, TrafficRequest } from './traffic-request.js'
export type { TrafficRule } from './traffic-rule.js'
export { trafficSplit } from './traffic-split.js'
export type {
  TrafficOutcome,
  TrafficSplit,
  TrafficStats,
  VersionStats,
} from './traffic-split-interface.js'
