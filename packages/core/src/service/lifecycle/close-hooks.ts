/** What a hook is called with. */
export interface HookContext {
  /** Aborts when the time of the hooks is up. */
  readonly signal: AbortSignal
}

/** Closes something when the service stops. */
export type CloseHook = (context: HookContext) => unknown

/** A hook and its name. */
export interface NamedHook {
  readonly name: string
  readonly run: CloseHook
}

/** How a hook ended. */
export type HookOutcome =
  | { readonly name: string; readonly outcome: 'closed'; readonly durationMs: number }
  | {
      readonly name: string
      readonly outcome: 'failed'
      readonly durationMs: number
      readonly error: unknown
    }
  | { readonly name: string; readonly outcome: 'hanging'; readonly durationMs: number }

/**
 * Runs hooks one after the other. One that hangs holds the next up for its share of the time only, and may use what
 * the others leave: at the end all of them are waited for until the time is up.
 */
export async function runHooks(
  hooks: readonly NamedHook[],
  limitMs: number,
  onOutcome: (outcome: HookOutcome) => void,
): Promise<boolean> {
  const controller = new AbortController()
  const endsAt = performance.now() + limitMs
  const running = new Map<NamedHook, number>()
  let allClosed = true
  const all: Promise<void>[] = []

  for (const [index, hook] of hooks.entries()) {
    running.set(hook, performance.now())
    const ended = call(hook, controller.signal).then((failure) => {
      const startedAt = running.get(hook)
      if (startedAt === undefined) return
      running.delete(hook)
      const durationMs = since(startedAt)
      if (failure === undefined) return onOutcome({ name: hook.name, outcome: 'closed', durationMs })
      allClosed = false
      onOutcome({ name: hook.name, outcome: 'failed', durationMs, error: failure.error })
    })
    all.push(ended)
    await within((endsAt - performance.now()) / (hooks.length - index), ended)
  }
  const leftMs = endsAt - performance.now()
  if (leftMs > 0) await within(leftMs, Promise.all(all))
  const hanging = [...running]
  running.clear()
  for (const [{ name }, startedAt] of hanging) {
    allClosed = false
    onOutcome({ name, outcome: 'hanging', durationMs: since(startedAt) })
  }
  controller.abort(new DOMException(`the hooks did not end within ${limitMs} ms`, 'TimeoutError'))
  return allClosed
}

/** Waits for a promise that never rejects, but no longer than `ms`. Whether it settled. */
export function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, ms))
    void promise.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

/** Whole milliseconds since a `performance.now()`. */
export function since(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

async function call(
  { run }: NamedHook,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run({ signal })
    return undefined
  } catch (error) {
    return { error }
  }
}
