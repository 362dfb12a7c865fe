import { OptionCheck } from '../../foundation/config/index.js'
import type { CallLedger } from './call-ledger.js'

/** How a client is closed. */
export interface CloseOptions {
  /**
   * How long calls and streams in flight may still take, in milliseconds; what is left then ends with `CLOSED`. 0 ends
   * them at once, `false` waits for as long as they take.
   * @default 10000
   */
  readonly timeoutMs?: number | false
}

const closeDefaults = Object.freeze({ timeoutMs: 10_000 })

/** What a client closes once no call is in flight. */
interface ClosableParts {
  /** Its connections, where they are its own. */
  readonly transport: { close(): Promise<void>; destroy(): Promise<void> } | undefined
  /** Stops timers, and whatever else there is. */
  release(): void | Promise<void>
}

/** Makes a client's `$close`. Called again it can only come sooner. */
export function closeWith(
  subject: string,
  ledger: CallLedger,
  { transport, release }: ClosableParts,
): (options?: CloseOptions) => Promise<void> {
  let closing: Promise<void> | undefined
  let isLate = false
  const close = async (): Promise<void> => {
    await ledger.close()
    await (isLate ? transport?.destroy() : transport?.close())
    await release()
  }
  const cut = (): void => {
    isLate = true
    ledger.cut()
    if (ledger.isIdle) transport?.destroy().catch(() => {})
  }
  return async (options = {}) => {
    const timeoutMs = checkedTimeout(subject, options)
    closing ??= close()
    if (timeoutMs === false) return closing
    const timer = setTimeout(cut, timeoutMs)
    timer.unref()
    try {
      await closing
    } finally {
      clearTimeout(timer)
    }
  }
}

function checkedTimeout(subject: string, options: CloseOptions): number | false {
  const check = new OptionCheck(`$close() of ${subject}`)
  if (options === null) check.add('', 'must be an object of options')
  else if (check.object('', options, ['timeoutMs']) && options.timeoutMs !== false) {
    check.milliseconds('timeoutMs', options.timeoutMs, { min: 0, exclusive: false })
  }
  check.done()
  return options.timeoutMs ?? closeDefaults.timeoutMs
}
