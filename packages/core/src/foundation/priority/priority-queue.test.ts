import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPriority, leastFirst, type Priority, roomFor } from './priority.js'
import { PriorityQueue, type Queued } from './priority-queue.js'

class Item implements Queued<Item> {
  earlier: Item | undefined = undefined
  later: Item | undefined = undefined
  isQueued = false
  readonly priority: Priority
  constructor(priority: Priority) {
    this.priority = priority
  }
}

const rank = ({ priority }: Item): number => leastFirst.indexOf(priority)

describe('PriorityQueue', () => {
  it('agrees with a list that is sorted at every question', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), priority: fc.constantFrom(...leastFirst) }),
      fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }),
      fc.record({ do: fc.constant('next' as const), newestFirst: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new PriorityQueue<Item>()
        const all: Item[] = []
        const take = (item: Item | undefined) => {
          if (item === undefined) return
          queue.remove(item)
          queue.remove(item)
          all.splice(all.indexOf(item), 1)
        }
        for (const now of steps) {
          if (now.do === 'add') {
            const item = new Item(now.priority)
            queue.add(item)
            all.push(item)
          } else if (now.do === 'remove') take(all[now.pick % Math.max(1, all.length)])
          else {
            const most = Math.max(...all.map(rank))
            const best = all.filter((item) => rank(item) === most)
            const next = queue.next(now.newestFirst)
            expect(next).toBe(now.newestFirst ? best.at(-1) : best[0])
            take(next)
          }
          expect(queue.size).toBe(all.length)
          for (const priority of leastFirst) {
            const wanted = leastFirst.indexOf(priority)
            expect(queue.oldest(priority)).toBe(all.find((item) => item.priority === priority))
            expect(queue.hasBefore(priority)).toBe(all.some((item) => rank(item) >= wanted))
            const least = Math.min(...all.map(rank))
            expect(queue.leastBelow(priority)).toBe(
              least < wanted ? all.find((item) => rank(item) === least) : undefined,
            )
          }
        }
      }),
    )
  })
})

describe('a priority', () => {
  it('is one of three', () => {
    expect([...leastFirst, 'urgent', undefined].filter(isPriority)).toEqual(leastFirst)
  })

  it.each<[Priority, number[]]>([
    ['critical', [2, 11, 220]],
    ['default', [1, 10, 200]],
    ['batch', [1, 9, 180]],
  ])('%s finds so much room in limits of 1, 10 and 200', (priority, room) => {
    expect([1, 10, 200].map((limit) => roomFor(priority, limit))).toEqual(room)
  })
})
