/** What a server does with a request. */
export type Behaviour =
  /** Serves it in one of its slots, that many times slower than usual. */
  | { readonly kind: 'serve'; readonly slowdown: number }
  /** Answers at once, without a slot. */
  | { readonly kind: 'answer'; readonly status: number }
  /** Never answers. */
  | { readonly kind: 'ignore' }
  /** Accepts no connection. */
  | { readonly kind: 'refuse' }
  /** Answers when somebody else has: a tier that calls the next. */
  | { readonly kind: 'forward' }

/** A request and its moment, as the fault of a scenario sees them. */
export interface Moment {
  /** Milliseconds since the event began; negative in the warm-up. */
  readonly eventMs: number
  /** Which of the replicas got it, from 0. */
  readonly replica: number
  /** Path and query. */
  readonly path: string
  readonly random: () => number
}

export const serve: Behaviour = Object.freeze({ kind: 'serve', slowdown: 1 })
export const ignore: Behaviour = Object.freeze({ kind: 'ignore' })
export const refuse: Behaviour = Object.freeze({ kind: 'refuse' })
export const forward: Behaviour = Object.freeze({ kind: 'forward' })

/** Answers with this status at once. */
export function answer(status: number): Behaviour {
  return Object.freeze({ kind: 'answer', status })
}
