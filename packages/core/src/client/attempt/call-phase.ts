import { isHoldfastError, type Phase } from '../../foundation/errors/index.js'

/** `error`, which now knows where the call was when it ended, unless it knew. */
export function endedIn(phase: Phase, error: unknown): unknown {
  if (isHoldfastError(error)) error.phase ??= phase
  return error
}

/** `pending`, whose failure happens in `phase` unless it says otherwise. */
export async function inPhase<Result>(phase: Phase, pending: Promise<Result>): Promise<Result> {
  try {
    return await pending
  } catch (error) {
    throw endedIn(phase, error)
  }
}
