/** What payments is going through. */
export type PhaseName = 'healthy' | 'errors' | 'blackHole' | 'recovery'

/** A part of the experiment, with its times in milliseconds from the start. */
export interface Phase {
  readonly name: PhaseName
  readonly title: string
  readonly fromMs: number
  readonly toMs: number
}

const titles: Readonly<Record<PhaseName, string>> = {
  healthy: 'healthy',
  errors: '50 % errors',
  blackHole: 'black hole',
  recovery: 'recovery',
}

/** How long each phase lasts, in milliseconds. */
export type Durations = Readonly<Record<PhaseName, number>>

/** Every phase of the same length. */
export function evenDurations(phaseMs: number): Durations {
  return { healthy: phaseMs, errors: phaseMs, blackHole: phaseMs, recovery: phaseMs }
}

/** Long enough for a thousand calls each. */
export const fullDurations: Durations = evenDurations(10_000)

/** The phases one after the other. */
export function planPhases(durations: Durations): Phase[] {
  let fromMs = 0
  return (Object.keys(titles) as PhaseName[]).map((name) => {
    const phase = { name, title: titles[name], fromMs, toMs: fromMs + durations[name] }
    fromMs = phase.toMs
    return phase
  })
}

/** The phase at a time; the last one does not end. */
export function phaseAt(phases: readonly Phase[], atMs: number): Phase {
  const phase = phases.find(({ toMs }) => atMs < toMs) ?? phases.at(-1)
  if (phase === undefined) throw new Error('there is no phase')
  return phase
}
