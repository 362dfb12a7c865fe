/** Something that happens at a moment of virtual time; `run` is dropped when it is cancelled. */
export interface Event {
  readonly atMs: number
  /** Breaks ties: what was planned first happens first. */
  readonly order: number
  run: (() => void) | undefined
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}

/** A binary heap of events, the next on top. */
export class EventHeap {
  readonly #events: Event[] = []

  get next(): Event | undefined {
    return this.#events[0]
  }

  push(event: Event): void {
    const events = this.#events
    let index = events.length
    events.push(event)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = events[above] as Event
      if (!isBefore(event, parent)) break
      events[index] = parent
      index = above
    }
    events[index] = event
  }

  pop(): Event | undefined {
    const events = this.#events
    const top = events[0]
    const last = events.pop()
    if (last !== undefined && events.length > 0) this.#sink(last)
    return top
  }

  #sink(event: Event): void {
    const events = this.#events
    const half = events.length >> 1
    let index = 0
    while (index < half) {
      let below = 2 * index + 1
      let child = events[below] as Event
      const right = events[below + 1]
      if (right !== undefined && isBefore(right, child)) {
        below++
        child = right
      }
      if (!isBefore(child, event)) break
      events[index] = child
      index = below
    }
    events[index] = event
  }
}
