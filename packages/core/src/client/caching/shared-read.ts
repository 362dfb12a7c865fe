import { AbortedError } from '../../foundation/errors/index.js'
import { type Abortable, Execution } from '../../policies/index.js'
import { endedIn } from '../attempt/call-phase.js'
import type { Call } from '../operation/call.js'
import type { Answer } from './answer.js'
import { errorForEach } from './error-for-each.js'
import type { OngoingRead } from './ongoing-reads.js'

const noWork = (): void => {}

/**
 * One read that several calls wait for. It runs by itself: each call leaves when its own time is up or its caller gives
 * up, and when the last one has left, the read is aborted. Its time is that of whoever waits longest.
 */
export class SharedRead implements OngoingRead {
  readonly operation: string
  readonly path: string
  readonly variant: string
  readonly execution: Execution<Call>
  /** The read's own: each call that waits has one too. */
  readonly call: Call
  #answer: Promise<Answer> | undefined = undefined
  #waiting = 0
  #joined = 0
  #isSettled = false
  isOutdated = false

  /**
   * @param call - begins it: its headers, its trace and its context are those of the request
   * @param path - the path with its query, as the client's reads are told apart
   */
  constructor(call: Call, path: string, variant: string) {
    this.operation = call.operation
    this.path = path
    this.variant = variant
    this.call = { ...call, attempts: 0, status: 0, failure: undefined, verdict: undefined, tried: undefined }
    // Its place in queues is that of the calls that wait for it: all of them have the same priority.
    this.execution = Execution.start(noWork, this.call, call.priority ?? call.context?.priority)
  }

  /** Runs `ask`; `ended` is called once, with the failure if it was one, before anybody else hears of it. */
  start(ask: (execution: Execution<Call>) => Promise<Answer>, ended: (error?: unknown) => void): void {
    const settle = (error?: unknown): void => {
      this.#isSettled = true
      this.execution.release()
      ended(error)
    }
    this.#answer = ask(this.execution).then(
      (answer) => {
        settle()
        return answer
      },
      (error: unknown) => {
        settle(error)
        throw error
      },
    )
    // Everybody may have left.
    this.#answer.catch(() => {})
  }

  /** Waits for the answer as long as `execution` may. */
  join(execution: Execution<Call>): Promise<Answer> {
    const call = execution.data
    const isFirst = this.#joined++ === 0
    call.isCoalesced = !isFirst
    this.#waiting++
    // Who comes later may have more time.
    if (execution.deadline > this.execution.deadline) this.execution.deadline = execution.deadline
    return new Promise((resolve, reject) => {
      let hasLeft = false
      const leave = (): void => {
        if (!hasLeft) this.#leave(call)
        hasLeft = true
      }
      const waiter: Abortable = {
        abort(reason) {
          leave()
          reject(endedIn('waiting', reason))
        },
      }
      execution.attach(waiter)
      this.#answer?.then(
        (answer) => {
          execution.detach(waiter)
          leave()
          resolve(answer)
        },
        (error: unknown) => {
          execution.detach(waiter)
          leave()
          reject(isFirst ? error : errorForEach(error))
        },
      )
    })
  }

  #leave(call: Call): void {
    call.attempts = this.call.attempts
    this.#waiting--
    if (this.#waiting > 0 || this.#isSettled) return
    // Nobody may join what is about to be aborted.
    this.isOutdated = true
    this.execution.abort(new AbortedError('nobody waits for the answer any more'))
  }
}
