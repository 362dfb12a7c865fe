import { seededRandom } from '@holdfast/core/testing'

/** A stream of calls of one kind. */
export interface Stream<Kind extends string> {
  readonly kind: Kind
  readonly perSecond: number
}

/** A call that is due. */
export interface Arrival<Kind extends string> {
  readonly kind: Kind
  /** When, in milliseconds from the start. */
  readonly atMs: number
  /** Counted within its kind, from 1. */
  readonly ordinal: number
}

/**
 * When calls arrive that know nothing of each other (a Poisson process), in the order of time. The same seed gives the
 * same arrivals.
 */
export function poissonArrivals<Kind extends string>(
  streams: readonly Stream<Kind>[],
  durationMs: number,
  seed: number,
): Arrival<Kind>[] {
  const all = streams.flatMap((stream) => [...arrivalsOf(stream, durationMs, seed)])
  return all.sort((one, other) => one.atMs - other.atMs)
}

function* arrivalsOf<Kind extends string>(
  { kind, perSecond }: Stream<Kind>,
  durationMs: number,
  seed: number,
): Generator<Arrival<Kind>> {
  const random = seededRandom(`${seed}|${kind}`)
  const nextGapMs = () => (-Math.log(1 - random()) * 1_000) / perSecond
  let atMs = nextGapMs()
  for (let ordinal = 1; atMs < durationMs; ordinal++) {
    yield { kind, atMs, ordinal }
    atMs += nextGapMs()
  }
}
