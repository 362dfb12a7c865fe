import { describe, expect, it } from 'vitest'
import { armNamed } from '../arms/arms.js'
import { holdfast } from '../arms/holdfast.js'
import type { Variant } from '../model/scenario.js'
import { simulate } from '../simulation/simulate.js'
import { scenarios } from './scenarios.js'

const timeoutMs = 60_000

/** Tests that Holdfast reaches the targets of simulated scenarios, of all if not told otherwise, under this seed. */
export function holdTargets(seed: number, isMeant: (variant: Variant) => boolean = () => true): void {
  describe(`Holdfast under seed ${seed}`, () => {
    for (const { id, variants } of scenarios) {
      for (const variant of variants.filter(isMeant)) {
        const name = `${id} ${variant.name}`
        it(`${name}: ${variant.target?.text ?? 'runs'}`, { timeout: timeoutMs }, () =>
          holdTarget(variant, seed),
        )
      }
    }
  })
}

async function holdTarget(variant: Variant, seed: number): Promise<void> {
  const { target } = variant
  const { metrics } = await simulate(variant, holdfast, seed)
  expect(metrics.calls).toBeGreaterThan(0)
  if (target === undefined) return
  const reference =
    target.relativeTo === undefined
      ? {}
      : (await simulate(variant, armNamed(target.relativeTo), seed)).metrics
  expect(target.isMet(metrics, reference), JSON.stringify({ metrics, reference })).toBe(true)
}
