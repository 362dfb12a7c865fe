import type { Execution } from '../../policies/index.js'
import type { Call } from '../operation/call.js'
import type { CoalesceSettings } from '../settings/read-settings.js'
import type { Answer } from './answer.js'
import type { OngoingRead } from './ongoing-reads.js'
import type { ReadContext } from './read-context.js'
import { variantReader, variantText } from './read-variant.js'
import { SharedRead } from './shared-read.js'

/** Asks the dependency once: for one call, or for all that share it. */
export type Ask = (execution: Execution<Call>, read: OngoingRead) => Promise<Answer>

/** Has identical calls share one request. */
export class SharedReads {
  readonly #context: ReadContext
  readonly #variantOf: ReturnType<typeof variantReader>

  constructor(context: ReadContext, { ignoreHeaders }: CoalesceSettings) {
    this.#context = context
    this.#variantOf = variantReader(ignoreHeaders, context.headers)
  }

  /** Asks through `ask`, unless somebody is asking the same already. */
  answer(execution: Execution<Call>, ask: Ask): Promise<Answer> {
    const { operation, reads, settings } = this.#context
    const { ongoing } = reads
    const call = execution.data
    const path = reads.pathOf(call)
    const variant = this.variantOf(call)
    const known = ongoing.find(operation, path, variant)
    if (known instanceof SharedRead) {
      reads.coalesced++
      return known.join(execution)
    }
    const read = new SharedRead(call, path, variant)
    const { timeoutMs } = settings
    // An attempt has a timeout only before a later deadline, and who joins may have more time than who began.
    read.execution.deadline = timeoutMs === false ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
    ongoing.begin(read)
    read.start(
      (own) => ask(own, read),
      () => ongoing.end(read),
    )
    return read.join(execution)
  }

  /** What tells a call from others of its path: who waits for a critical call does not share a batch one. */
  variantOf(call: Call): string {
    const text = variantText(this.#variantOf(call))
    const priority = call.priority ?? call.context?.priority ?? 'default'
    return priority === 'default' ? text : `${priority} ${text}`
  }
}
