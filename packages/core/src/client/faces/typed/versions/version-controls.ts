import type { Listener } from '../../../../foundation/events/index.js'
import type { CircuitBreaker } from '../../../../policies/index.js'
import type { ClientEvents } from '../../../../telemetry/events/index.js'
import type { TrafficSplit } from '../../../../upstream/traffic/index.js'
import type { CloseOptions } from '../../../call/close-with.js'
import type { ClientControls, ClientStats } from '../../../operation/client-types.js'
import { withUpdater } from '../../../update/updatable.js'
import { updaterOfAll } from '../../../update/updater-of-all.js'
import type { VersionControls } from './versioned-client.js'

/** What a client of several versions is controlled through. */
export interface VersionParts {
  readonly dependency: string
  /** The controls of the client of each version. */
  readonly versions: ReadonlyMap<string, ClientControls>
  readonly split: TrafficSplit
  /** Called once every version is closed. */
  release(): void
}

/** The controls of all versions as those of one client. */
export function controlVersions(parts: VersionParts): ClientControls & VersionControls {
  const { dependency, release, split, versions } = parts
  const all = [...versions.values()]
  const updater = updaterOfAll(dependency, all)
  const close = async (options?: CloseOptions): Promise<void> => {
    await Promise.all(all.map((version) => version.$close(options)))
    release()
  }
  const controls: ClientControls & VersionControls = {
    $traffic: split,
    $circuitBreakers: () => all.flatMap((version): readonly CircuitBreaker[] => version.$circuitBreakers()),
    $stats: () => statsOf(parts),
    $on(name, listener) {
      const stops = [...versions].map(([version, controls]) => controls.$on(name, named(version, listener)))
      return () => {
        for (const stop of stops) stop()
      }
    },
    $update: (changes) => updater.prepare({ code: changes }).apply(),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
  return withUpdater(controls, updater)
}

/** What is no function is left for `$on` to refuse. */
function named<Name extends keyof ClientEvents>(
  version: string,
  listener: Listener<ClientEvents[Name]>,
): Listener<ClientEvents[Name]> {
  return typeof listener === 'function' ? (event) => listener({ ...event, version }) : listener
}

function statsOf({ dependency, split, versions }: VersionParts): ClientStats {
  const stats = new Map([...versions].map(([name, controls]) => [name, controls.$stats()]))
  const all = [...stats.values()]
  const budgets = all.flatMap(({ retryBudget }) => retryBudget ?? [])
  // Health asks about these: a version that nobody is sent to may be as ill as it likes.
  const endpoints = [...stats].flatMap(([name, one]) => (isUsed(split, name) ? one.endpoints : []))
  return {
    dependency,
    limit: all.some(({ limit }) => limit === undefined) ? undefined : sum(all, ({ limit }) => limit ?? 0),
    inFlight: sum(all, ({ inFlight }) => inFlight),
    queued: sum(all, ({ queued }) => queued),
    shadow: [...new Set(all.flatMap(({ shadow }) => shadow))],
    retryBudget: budgets.length === 0 ? undefined : { tokens: sum(budgets, ({ tokens }) => tokens) },
    endpoints,
    versions: Object.fromEntries(stats),
  }
}

function isUsed({ rules, weights }: TrafficSplit, version: string): boolean {
  const isRuled = rules.some((rule) => rule.version === version && rule.percent !== 0)
  return isRuled || (weights[version] ?? 0) > 0
}

const sum = <Item>(items: readonly Item[], pick: (item: Item) => number): number =>
  items.reduce((total, item) => total + pick(item), 0)
