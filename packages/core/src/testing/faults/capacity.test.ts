import fc from 'fast-check'
import { expect, it } from 'vitest'
import { capacity } from './capacity.js'
import type { Exchange } from './fault.js'

/** What happens to the slots: a request arrives, one that is being worked on ends, or there are more or fewer slots. */
const event = fc.oneof(
  fc.constant('arrive' as const),
  fc.constant('end' as const),
  fc.integer({ min: 0, max: 4 }).map((slots) => ({ slots })),
)

it('never works on more than there are slots, wastes none, and keeps the order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
      const pool = capacity({ slots: 2 })
      const exchange = { faults: [] } as unknown as Exchange
      const working: { id: number; end: () => void }[] = []
      const begun: number[] = []
      let arrived = 0
      let ended = 0
      let slots = 2
      for (const next of events) {
        const before = working.length
        if (next === 'arrive') {
          const id = arrived++
          void pool.apply(exchange, () => {
            begun.push(id)
            return new Promise((resolve) => working.push({ id, end: resolve }))
          })
        } else if (next === 'end') {
          const one = working.shift()
          if (one !== undefined) ended++
          one?.end()
        } else {
          slots = next.slots
          pool.resize(slots)
        }
        await new Promise(setImmediate)
        if (working.length > before) expect(working.length).toBeLessThanOrEqual(slots)
        expect(pool.busy).toBe(working.length)
        expect(pool.queued).toBe(arrived - ended - working.length)
        if (pool.queued > 0) expect(pool.busy).toBeGreaterThanOrEqual(slots)
        expect(begun).toEqual(begun.map((_, index) => index))
      }
    }),
    { numRuns: 60 },
  )
})
