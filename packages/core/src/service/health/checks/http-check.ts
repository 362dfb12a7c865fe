import { OptionCheck, show } from '../../../foundation/config/index.js'
import type { HealthCheck, HealthCheckContext } from '../health-check.js'

/** Options of `httpCheck`. */
export interface HttpCheckOptions {
  /** @default 'GET' */
  readonly method?: 'GET' | 'HEAD'
  /** Headers of the request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The statuses that pass.
   * @default any from 200 to 299
   */
  readonly statuses?: readonly number[]
}

/**
 * A check that asks a URL. It follows no redirect and reads no body. For a service that you have a client of,
 * `clientCheck` knows as much without further traffic.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `url` is no `http(s)` URL, or holds credentials.
 * @example
 * ```ts
 * import { healthRegistry, httpCheck } from '@holdfast/core'
 *
 * const check = httpCheck('http://payments:3000/livez', { method: 'HEAD' })
 * healthRegistry().add('payments', check, { critical: false, cacheMs: 5_000 })
 * ```
 */
export function httpCheck(url: string | URL, options: HttpCheckOptions = {}): HealthCheck {
  const check = new OptionCheck('httpCheck()')
  const target = URL.canParse(String(url)) ? new URL(url) : undefined
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    check.add('url', 'must be an http: or https: URL')
  } else if (target.username !== '' || target.password !== '') {
    check.add('url', 'must hold no credentials; give them as headers')
  }
  if (check.object('', options, ['method', 'headers', 'statuses'])) {
    check.oneOf('method', options.method, ['GET', 'HEAD'])
    if (options.statuses !== undefined && !Array.isArray(options.statuses)) {
      check.add('statuses', `must be a list of statuses, not ${show(options.statuses)}`)
    }
  }
  check.done()
  const { headers = {}, method = 'GET', statuses } = options
  const href = target?.href ?? ''

  const run = async ({ signal }: HealthCheckContext) => {
    const response = await fetch(href, { method, headers, signal, redirect: 'manual' }).catch(unwrapped)
    await response.body?.cancel()
    const passes = statuses === undefined ? response.ok : statuses.includes(response.status)
    return passes || { status: 'fail', output: `answered ${response.status}` }
  }
  return Object.assign(run, { asksDependency: true })
}

/** `fetch failed` says nothing; its cause does. */
function unwrapped(error: unknown): never {
  const { cause } = error as { cause?: unknown }
  throw cause instanceof Error ? cause : error
}
