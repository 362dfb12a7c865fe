import type { ArmClient } from '../arms/arm.js'
import { poissonArrivals, type RateStep } from './arrivals.js'
import type { LoadStep, Variant, World } from './scenario.js'

/** Of a critical call, as the recorder tells it from others. */
export const criticalKind = 1

/** Calls to the one dependency, by each of the clients in turn. */
export function driveOpenLoop(world: World, variant: Variant): void {
  const [dependency = ''] = Object.keys(variant.dependencies)
  const call = callInTurn(
    Array.from({ length: variant.clients }, () => world.connect(dependency, variant.settings)),
  )
  const random = world.random('paths')
  const randomKind = world.random('kinds')
  arrivalsOf(world, variant.load, () => {
    const path = variant.path?.(random) ?? '/items/1'
    const isCritical = variant.criticalShare !== undefined && randomKind() < variant.criticalShare
    void world.recorder.track(() => call(path, isCritical), isCritical ? criticalKind : 0)
  })
}

/** The load of a variant, as arrivals. */
export function arrivalsOf(world: World, load: readonly LoadStep[], onArrival: () => void): void {
  const steps = load.map(
    ({ eventMs, perSecond }): RateStep => ({ fromMs: Math.max(0, world.eventAtMs + eventMs), perSecond }),
  )
  poissonArrivals(
    world.timeline,
    { steps, untilMs: world.endMs, random: world.random('arrivals') },
    onArrival,
  )
}

/** Arrivals that go to clients in turn reach each of them as evenly as a balancer would make them. */
export function callInTurn(
  clients: readonly ArmClient[],
): (path: string, isCritical?: boolean) => Promise<unknown> {
  let turn = 0
  return (path, isCritical) => (clients[turn++ % clients.length] as ArmClient).call(path, isCritical)
}
