/** The constants of an admission limit, found by simulation; `docs/decisions/0010-server-admission.md` has the table. */
export const latencyConstants = Object.freeze({
  /** Outcomes that make a round while nothing is limited, and while something is, which asks for more certainty; */
  openOutcomes: 20,
  limitedOutcomes: 40,
  /** or so many when a round takes this many milliseconds. */
  leastOutcomes: 8,
  roundMs: 1_000,
  /** Latencies below this many milliseconds are as fast as any. */
  leastMs: 0.05,

  /** Rounds this much slower than usual are watched, */
  suspicious: Math.log(2.5),
  /** with at least this much in flight, */
  leastInFlight: 8,
  /** for this many times their latency, and this many milliseconds at least; */
  watchedLatencies: 3,
  leastWatchMs: 30,
  /** and again when latency has risen by this much meanwhile. */
  stillRising: Math.log(1.5),
  /** It is overload once this many times as much is in flight: eight times slower work comes to less. */
  endlessGrowth: 4,
  /** With a larger share of lost requests than this, for so many rounds, the server works for nobody. */
  mostlyLost: 0.5,
  lostRounds: 3,
  /** So large a share leaves nobody to say otherwise. */
  nearlyAllLost: 0.95,
  /** A larger share than this of answers speaks for the others. */
  someAnswered: 0.05,

  /** Times the usual latency above which the limit falls, below which it rises, and what a cut aims at. */
  high: 4,
  low: 2.5,
  target: 3,
  /** What one round leaves of the limit at least, and what it adds. */
  mostCut: 0.5,
  raise: 1.25,
  /** Limiting ends when for so many milliseconds nobody had to wait. */
  calmMs: 1_000,

  /** With this many times less in flight */
  muchLower: 3.5,
  /** a queue would be much shorter than this. */
  hardlyFaster: Math.log(0.6),
  /** At the least limit, so many rounds that are about as slow as the slowest, */
  roundsAtLeast: 2,
  aboutAsSlow: Math.log(1.25),
  /** and no larger share than this has left. */
  fewLost: 0.05,

  /** Rounds nearer than this to the usual become part of it with this time constant, in milliseconds; */
  near: 0.5,
  followNearMs: 5_000,
  /** of what is much faster so much a round, which is also the most; */
  followFaster: 0.2,
  /** and what is much slower with this time constant, in milliseconds. */
  followSlowerMs: 60_000,
  /** How fast a latency that was tolerated once is forgotten, a round. */
  forget: 0.02,
} as const)
