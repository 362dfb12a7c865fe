/** How a single value is written into a path, a query, a form; `undefined` when it has no such form. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  return undefined
}

/** What to say about a value without a text form. */
export const scalarRemedy = 'must be a string, a finite number, a bigint, a boolean or a valid Date'
