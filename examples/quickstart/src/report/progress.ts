import type { Phase } from '../experiment/phases.js'
import { needsPayments, type SettledCall } from '../experiment/record.js'
import type { LiveArm, Observer } from '../experiment/run-experiment.js'
import { showSeconds } from './format.js'

/** Where progress is shown: a terminal, or a file that keeps every line. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** How long the live line looks back, in milliseconds. */
const lookBackMs = 1_000

/** Announces phases and keeps one line up to date; where lines cannot be rewritten, adds one every few seconds. */
export class Progress implements Observer {
  readonly #screen: Screen
  readonly #everyMs: number
  #shownAtMs = 0
  #hasLine = false

  constructor(screen: Screen) {
    this.#screen = screen
    this.#everyMs = screen.isTTY === true ? 250 : 2_500
  }

  entered({ title, fromMs, toMs }: Phase): void {
    this.end()
    this.#screen.write(
      `${showSeconds(fromMs).padStart(7)}  payments: ${title}, for ${showSeconds(toMs - fromMs)}\n`,
    )
    this.#shownAtMs = fromMs
  }

  progress(nowMs: number, arms: readonly LiveArm[]): void {
    if (nowMs - this.#shownAtMs < this.#everyMs) return
    this.#shownAtMs = nowMs
    const line = `${showSeconds(nowMs).padStart(7)}  ${arms.map((arm) => describe(arm, nowMs)).join('   |   ')}`
    this.#hasLine = this.#screen.isTTY === true
    this.#screen.write(this.#hasLine ? `\r\u001b[2K${line}` : `${line}\n`)
  }

  /** Leaves the live line as it is. */
  end(): void {
    if (this.#hasLine) this.#screen.write('\n')
    this.#hasLine = false
  }
}

function describe({ name, calls, inFlight }: LiveArm, nowMs: number): string {
  const recent = settledSince(calls, nowMs - lookBackMs)
  const answered = recent.filter(({ outcome }) => outcome === 'answer').length
  const share = recent.length === 0 ? '  -' : String(Math.round((answered / recent.length) * 100)).padStart(3)
  return `${name}: ${share} % answered, ${String(inFlight).padStart(3)} waiting`
}

function settledSince(calls: readonly SettledCall[], sinceMs: number): SettledCall[] {
  const recent: SettledCall[] = []
  for (let index = calls.length - 1; index >= 0; index--) {
    const call = calls[index]
    if (call === undefined || call.endMs < sinceMs) break
    if (needsPayments(call)) recent.push(call)
  }
  return recent
}
