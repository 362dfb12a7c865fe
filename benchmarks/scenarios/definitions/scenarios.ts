import type { Scenario } from '../model/scenario.js'
import { metastable } from './s01-metastable.js'
import { stragglers } from './s02-stragglers.js'
import { badReplica } from './s03-replicas.js'
import { brownout } from './s04-brownout.js'
import { blackHole } from './s05-black-hole.js'
import { thunderingHerd } from './s06-herd.js'
import { overload } from './s07-overload.js'
import { threeTiers } from './s08-tiers.js'
import { falseAlarms } from './s09-false-alarms.js'
import { backAgain } from './s10-return.js'

/** All scenarios, in the order of the tables. */
export const scenarios: readonly Scenario[] = [
  metastable,
  stragglers,
  badReplica,
  brownout,
  blackHole,
  thunderingHerd,
  overload,
  threeTiers,
  falseAlarms,
  backAgain,
]
