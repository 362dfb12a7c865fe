import { ConfigInvalidError, type Problem } from '../../foundation/errors/index.js'
import type { Emitter, Listener, Unsubscribe } from '../../foundation/events/index.js'
import { type ClientEvents, clientEventNames } from '../../telemetry/events/index.js'

/**
 * Checks a subscription and makes it.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for an unknown event and for what is no function.
 */
export function subscribe<Name extends keyof ClientEvents>(
  subject: string,
  events: Emitter<ClientEvents>,
  name: Name,
  listener: Listener<ClientEvents[Name]>,
): Unsubscribe {
  const problems: Problem[] = []
  if (!clientEventNames.includes(name)) {
    problems.push({ path: String(name), message: `is not an event; they are ${clientEventNames.join(', ')}` })
  }
  if (typeof listener !== 'function') problems.push({ path: 'listener', message: 'must be a function' })
  if (problems.length > 0) throw new ConfigInvalidError(subject, problems)
  return events.on(name, listener)
}
