import type { TrafficSplit } from '../../../../upstream/traffic/index.js'
import type { Client } from '../../../operation/client-types.js'

/** What a client with `versions` has beside what every client has. */
export interface VersionControls<Version extends string = string> {
  /** Shares the calls between the versions: to shift them, to start a canary, to roll back. */
  readonly $traffic: TrafficSplit<Version>
}

/** A typed client, of several versions of a dependency where `versions` names some. */
export type VersionedClient<Ops, Version extends string> = Client<Ops> &
  ([Version] extends [never] ? unknown : VersionControls<Version>)
