/** What the log says when chaos is switched. */
export function chaosMessage(isEnabled: boolean): string {
  if (!isEnabled) return 'chaos is off'
  return process.env.NODE_ENV === 'production' ? 'chaos is on in production' : 'chaos is on'
}
