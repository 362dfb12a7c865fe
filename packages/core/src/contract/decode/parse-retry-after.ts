/** The three forms that HTTP allows for a date. `Date.parse` alone takes nearly anything. */
const httpDate =
  /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +(?:\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} +\d{2}:\d{2}:\d{2} +GMT|[A-Z][a-z]{2} +\d{1,2} +\d{2}:\d{2}:\d{2} +\d{4})$/

/**
 * Milliseconds that a `Retry-After` header asks for: seconds, or a date, which is 0 once it has passed. Anything else,
 * negative seconds too, is `undefined`: the server said nothing that can be kept.
 *
 * @param nowMs the wall clock, in milliseconds since 1970, for dates
 */
export function parseRetryAfter(
  value: string | readonly string[] | undefined,
  nowMs: number = Date.now(),
): number | undefined {
  const text = (typeof value === 'string' ? value : value?.[0])?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.round(Number(text) * 1000), Number.MAX_SAFE_INTEGER)
  if (!httpDate.test(text)) return undefined
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
