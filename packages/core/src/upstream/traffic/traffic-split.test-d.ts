import { expectTypeOf } from 'vitest'
import type { CanaryRun } from './canary-run.js'
import { trafficSplit } from './traffic-split.js'
import type { TrafficSplit } from './traffic-split-interface.js'

const split = trafficSplit({
  weights: { stable: 95, canary: 5 },
  rules: [{ path: '/v2/*', version: 'canary' }],
})

function names() {
  expectTypeOf(split).toEqualTypeOf<TrafficSplit<'stable' | 'canary'>>()
  expectTypeOf(split.choose()).toEqualTypeOf<'stable' | 'canary'>()
  expectTypeOf(split.startCanary('canary', { baseline: 'stable' })).toEqualTypeOf<CanaryRun>()
  expectTypeOf(split.weights.canary).toEqualTypeOf<number>()
  split.report(split.decide({ path: '/' }), { ok: true })
  // @ts-expect-error no such version
  split.switchTo('green')
  // @ts-expect-error every version has a weight
  split.setWeights({ stable: 1 })
  // @ts-expect-error no such version
  split.setRules([{ operation: 'a', version: 'green' }])
  // @ts-expect-error no such event
  split.on('shift', () => {})
  split.on('canaryRolledBack', ({ reason }) => {
    expectTypeOf(reason).toEqualTypeOf<'error rate' | 'latency' | 'by hand' | undefined>()
  })
  // One that is not known by its names
  const any: TrafficSplit = split
  expectTypeOf(any.choose()).toEqualTypeOf<string>()
}

function rules() {
  // @ts-expect-error no such version
  trafficSplit({ weights: { stable: 1 }, rules: [{ path: '/', version: 'canary' }] })
  // @ts-expect-error weights are numbers
  trafficSplit({ weights: { stable: '1' } })
}
