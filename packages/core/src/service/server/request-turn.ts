import type { ServerResponse } from 'node:http'
import type { ProblemResponse } from '../problems/index.js'
import type { Exchange } from './exchange.js'

/** What an adapter does with a request: `proceed` or `refuse` is called, unless the caller leaves before. */
export interface RequestTurn {
  /**
   * Is told of the exchange before it is let in. An adapter that has this sets the `x-correlation-id` of the answer;
   * without it `serve` does.
   */
  begun?(exchange: Exchange): void
  /** Has the handler answer, in the context of the request. A promise that it gives may reject. */
  proceed(): unknown
  /** Answers with a problem: the request is not let in, or `proceed` has failed. */
  refuse(problem: ProblemResponse, response: ServerResponse): void
}
