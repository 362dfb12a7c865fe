import type { LoggedClient } from '../../telemetry/logging/index.js'
import type { ObservedClient } from '../../telemetry/metrics/index.js'
import type { ClientChaos } from '../slots/chaos/client-chaos.js'
import type { ClientTelemetry } from './client-telemetry.js'

/** What talks to any host. */
export const anyDependency = '*'

/** Tells `telemetry` what a client reports, first of all that chaos is on, until the returned function is called. */
export function watchClient(
  telemetry: ClientTelemetry,
  client: LoggedClient & ObservedClient,
  chaos: ClientChaos | undefined,
  dependency: string,
): () => void {
  const stops = [telemetry.watch(client), chaos?.announce(dependency)]
  return () => {
    for (const stop of stops) stop?.()
  }
}
