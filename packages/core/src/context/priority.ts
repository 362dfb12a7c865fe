/** How important a request is to a service that has to shed load. */
export type Priority = 'critical' | 'default' | 'batch'

/** Whether a header says one of the priorities. */
export function isPriority(value: unknown): value is Priority {
  return value === 'critical' || value === 'default' || value === 'batch'
}
