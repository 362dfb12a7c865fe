/** What a call asks of the cache in its `cache-control` header. Times are in milliseconds. */
export interface RequestDirectives {
  readonly mustAsk: boolean
  readonly mustNotAsk: boolean
  readonly mustNotStore: boolean
  readonly maxAgeMs: number
  readonly minFreshMs: number
  readonly maxStaleMs: number
}

const noDirectives: RequestDirectives = Object.freeze({
  mustAsk: false,
  mustNotAsk: false,
  mustNotStore: false,
  maxAgeMs: Number.POSITIVE_INFINITY,
  minFreshMs: 0,
  maxStaleMs: 0,
})

/** The directives of RFC 9111, 5.2.1; `pragma: no-cache` counts where there is no `cache-control`. */
export function requestDirectives(headers: Readonly<Record<string, string>>): RequestDirectives {
  const { 'cache-control': control, pragma } = headers
  if (control === undefined) {
    return pragma?.toLowerCase().includes('no-cache') ? { ...noDirectives, mustAsk: true } : noDirectives
  }
  const given = new Map(control.split(',').map(parse))
  return {
    mustAsk: given.has('no-cache'),
    mustNotAsk: given.has('only-if-cached'),
    mustNotStore: given.has('no-store'),
    maxAgeMs: secondsOf(given.get('max-age'), Number.POSITIVE_INFINITY),
    minFreshMs: secondsOf(given.get('min-fresh'), 0),
    // Without a number a response may be as stale as it likes.
    maxStaleMs: given.has('max-stale')
      ? secondsOf(given.get('max-stale') || undefined, Number.POSITIVE_INFINITY)
      : 0,
  }
}

function parse(text: string): readonly [string, string] {
  const [name = '', value = ''] = text.trim().split('=')
  return [name.toLowerCase(), value.replaceAll('"', '').trim()]
}

function secondsOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  // What cannot be understood is the strictest: ask.
  return /^\d+$/.test(text) ? Number(text) * 1_000 : 0
}
