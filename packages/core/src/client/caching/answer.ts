import type { HttpResponse } from '../../http/message/index.js'
import { classifyStatus } from '../attempt/classify.js'

/** The outcome of one read, with the bytes that it was made from, so that it can serve other calls too. */
export class Answer {
  readonly received: HttpResponse
  /** How the cache came by it. */
  readonly result: 'miss' | 'revalidated'
  #data: unknown
  #isRead: boolean

  /** `data` where it has been read from `received` already. */
  constructor(received: HttpResponse, read?: { readonly data: unknown }, result: Answer['result'] = 'miss') {
    this.received = received
    this.result = result
    this.#data = read?.data
    // Bytes are the body itself, and not to be given to one and read by others.
    this.#isRead = read !== undefined && read.data !== received.body
  }

  /** The data of the first call that asks. Everybody else reads the bytes: nobody gets what another may change. */
  data(read: (received: HttpResponse) => unknown): unknown {
    if (!this.#isRead) return read(this.received)
    const data = this.#data
    this.#isRead = false
    this.#data = undefined
    return data
  }
}

/** Whether a response is an answer to whoever asked, success or not, and no failure of the dependency. */
export function isAnswer(status: number): boolean {
  return classifyStatus(status, false).earns
}
