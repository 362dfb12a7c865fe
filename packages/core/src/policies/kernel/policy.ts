import { Emitter, type Listener, type Unsubscribe } from '../../foundation/events/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import { Execution, type ExecutionContext, type Step } from './execution.js'
import { runWork } from './run-work.js'

/** Options of a single `execute`. */
export interface ExecuteOptions {
  /** The caller's signal: an abort rejects the call at once with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /**
   * How important the call is: a limit that has no room for all lets `critical` ones go first and sheds `batch` ones
   * first.
   * @default 'default'
   */
  readonly priority?: Priority | undefined
}

/**
 * One way of protecting a call. Use it alone, or `compose` several.
 *
 * @example
 * ```ts
 * import { compose, retry, timeout } from '@holdfast/core'
 *
 * const policy = compose(timeout({ timeoutMs: 2_000 }), retry({ maxAttempts: 3 }))
 * const answer = await policy.execute(({ signal }) => fetch('http://127.0.0.1:3000/', { signal }))
 * ```
 */
export interface Policy<Events extends object = object> {
  /**
   * Runs `fn` under this policy and settles as it does, or with the policy's own error.
   * `fn` is told its `signal`, its `attempt` and `remainingMs()`.
   */
  execute<Result>(
    fn: (context: ExecutionContext) => Result | PromiseLike<Result>,
    options?: ExecuteOptions,
  ): Promise<Result>
  /** `fn` with this policy around every call: same arguments, same result. */
  wrap<Args extends unknown[], Result>(
    fn: (...args: Args) => Result | PromiseLike<Result>,
  ): (...args: Args) => Promise<Result>
  /** Subscribes to an event; returns what unsubscribes. A listener that throws never changes a call's result. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Unsubscribe
  /**
   * This policy's step in front of `next`, made once when policies are composed. Every step settles promptly when
   * its execution is aborted.
   */
  link<Data>(next: Step<Data>): Step<Data>
}

/** What every policy shares. A policy of your own extends it and writes `link`. */
export abstract class BasePolicy<Events extends object = object> implements Policy<Events> {
  protected readonly events = new Emitter<Events>()
  #pipeline: Step | undefined = undefined

  abstract link<Data>(next: Step<Data>): Step<Data>

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Unsubscribe {
    return this.events.on(name, listener)
  }

  execute<Result>(
    fn: (context: ExecutionContext) => Result | PromiseLike<Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    this.#pipeline ??= this.link(runWork)
    const execution = Execution.start(fn, undefined, options?.priority)
    const signal = options?.signal
    const result =
      signal === undefined ? this.#pipeline(execution) : following(signal, execution, this.#pipeline)
    return result as Promise<Result>
  }

  wrap<Args extends unknown[], Result>(
    fn: (...args: Args) => Result | PromiseLike<Result>,
  ): (...args: Args) => Promise<Result> {
    const execute = this.execute.bind(this)
    return function wrapped(this: unknown, ...args: Args): Promise<Result> {
      return execute<Result>(() => fn.apply(this, args))
    }
  }
}

async function following(signal: AbortSignal, execution: Execution, pipeline: Step): Promise<unknown> {
  execution.follow(signal)
  try {
    return await pipeline(execution)
  } finally {
    execution.unfollow(signal)
  }
}
