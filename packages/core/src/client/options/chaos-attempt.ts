/** An attempt that is about to be sent, as the functions of `chaos` are told of it. */
export interface ChaosAttempt {
  /** The name of the contract; of a `fetch` or an interceptor the host. */
  readonly dependency: string
  /** The name in the contract; of a `fetch` or an interceptor the method. */
  readonly operation: string
  readonly method: string
  readonly origin: string
  /** With its query. */
  readonly path: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Whether this is the extra leg of a hedged call. */
  readonly hedged: boolean
}
