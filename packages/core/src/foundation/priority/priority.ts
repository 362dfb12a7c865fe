/** How important work is where there is no room for all of it. */
export type Priority = 'critical' | 'default' | 'batch'

/** In the order in which work is given up. */
export const leastFirst = ['batch', 'default', 'critical'] as const satisfies readonly Priority[]

/** For messages: the most important first. */
export const priorities: readonly Priority[] = ['critical', 'default', 'batch']

/** Whether a header or an option says one of the priorities. */
export function isPriority(value: unknown): value is Priority {
  return value === 'critical' || value === 'default' || value === 'batch'
}

/** The part of the permits that `critical` work finds beyond a limit, and that `batch` work leaves to others. */
const reserve = 0.1

/** How much may be in flight for work of that priority to be let in, of a limit. */
export function roomFor(priority: Priority, limit: number): number {
  if (priority === 'default') return limit
  if (priority === 'critical') return limit + Math.max(1, Math.floor(limit * reserve))
  return Math.ceil(limit * (1 - reserve))
}
