import type { Phase } from '../experiment/phases.js'
import { needsPayments, type SettledCall } from '../experiment/record.js'
import type { LiveArm } from '../experiment/run-experiment.js'
import { showSeconds, showShare } from './format.js'
import { shareOfAnswers } from './summarize.js'

/** Where progress is shown: a terminal, or a file that keeps every line. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** How far the live line looks back, in milliseconds. */
const lookBackMs = 1_000

/** Announces phases and keeps one line up to date; where lines cannot be rewritten, adds one every few seconds. */
export class Progress {
  readonly #screen: Screen
  readonly #phases: readonly Phase[]
  readonly #everyMs: number
  #announced = 0
  #shownAtMs = 0
  #hasLine = false
  #isOver = false

  constructor(screen: Screen, phases: readonly Phase[]) {
    this.#screen = screen
    this.#phases = phases
    this.#everyMs = screen.isTTY === true ? 200 : 2_500
  }

  /** Shows where things stand, if it is time to. */
  show(nowMs: number, arms: readonly LiveArm[]): void {
    this.#announce(nowMs)
    if (nowMs - this.#shownAtMs < this.#everyMs || this.#isOver) return
    this.#shownAtMs = nowMs
    const line = `${showSeconds(nowMs).padStart(7)}  ${arms.map((arm) => describe(arm, nowMs)).join('   ')}`
    this.#hasLine = this.#screen.isTTY === true
    this.#screen.write(this.#hasLine ? `\r\u001b[2K${line}` : `${line}\n`)
  }

  /** Ends the live line. */
  end(): void {
    if (this.#hasLine) this.#screen.write('\n')
    this.#hasLine = false
  }

  #announce(nowMs: number): void {
    const next = this.#phases[this.#announced]
    if (next === undefined) this.#announceEnd(nowMs)
    if (next === undefined || nowMs < next.fromMs) return
    const { title, fromMs, toMs } = next
    this.end()
    this.#screen.write(
      `${showSeconds(fromMs).padStart(7)}  payments: ${title}, for ${showSeconds(toMs - fromMs)}\n`,
    )
    this.#announced++
    this.#shownAtMs = nowMs
  }

  #announceEnd(nowMs: number): void {
    const endMs = this.#phases.at(-1)?.toMs ?? 0
    if (nowMs < endMs || this.#isOver) return
    this.#isOver = true
    this.end()
    this.#screen.write(`${showSeconds(endMs).padStart(7)}  no more calls; the last ones settle\n`)
  }
}

function describe({ name, calls }: LiveArm, nowMs: number): string {
  const recent = settledSince(calls, nowMs - lookBackMs)
  const answered = recent.length === 0 ? '-' : showShare(shareOfAnswers(recent))
  return `${name}: ${answered.padStart(7)} of ${String(recent.length).padStart(3)} answered`
}

function settledSince(calls: readonly SettledCall[], sinceMs: number): SettledCall[] {
  const first = calls.findLastIndex(({ endMs }) => endMs < sinceMs) + 1
  return calls.slice(first).filter(needsPayments)
}
