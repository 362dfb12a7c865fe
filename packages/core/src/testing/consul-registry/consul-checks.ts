import { get } from 'node:http'
import type { ConsulCatalog } from './consul-catalog.js'
import type { ConsulCheck, ConsulInstance, ConsulStatus } from './consul-types.js'
import { goDuration } from './go-duration.js'

const sweepEveryMs = 50

/**
 * Runs the checks of a catalog: asks what has a URL, and turns to critical what gives no sign of life. Only addresses
 * of this machine are asked.
 */
export class ConsulChecks {
  readonly #catalog: ConsulCatalog
  readonly #dueAt = new WeakMap<ConsulCheck, number>()
  readonly #asking = new Set<ConsulCheck>()
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(catalog: ConsulCatalog) {
    this.#catalog = catalog
  }

  start(): void {
    this.#timer = setInterval(() => this.#sweep(), sweepEveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** A sign of life of a check with a TTL. */
  signOfLife(instance: ConsulInstance, check: ConsulCheck, status: ConsulStatus, output: string): void {
    this.#dueAt.set(check, performance.now() + (goDuration(check.definition.TTL) ?? 0))
    this.#catalog.report(instance, check, status, output)
  }

  #sweep(): void {
    const now = performance.now()
    for (const instance of this.#catalog.instances) {
      for (const check of instance.checks) this.#run(instance, check, now)
      const afterMs = instance.checks.flatMap(({ definition }) => {
        return goDuration(definition.DeregisterCriticalServiceAfter) ?? []
      })
      const { criticalSince } = instance
      if (criticalSince === undefined || afterMs.length === 0) continue
      if (now - criticalSince > Math.min(...afterMs)) this.#catalog.deregister(instance.id)
    }
  }

  #run(instance: ConsulInstance, check: ConsulCheck, now: number): void {
    const { HTTP: url, TTL: ttl, Interval: interval } = check.definition
    const periodMs = goDuration(ttl ?? interval) ?? 10_000
    const dueAt = this.#dueAt.get(check)
    if (dueAt === undefined) {
      // As with Consul the first check is not at once, and a TTL begins with the registration.
      this.#dueAt.set(check, now + (ttl === undefined ? Math.min(periodMs, sweepEveryMs) : periodMs))
      return
    }
    if (now < dueAt) return
    if (ttl !== undefined) this.#catalog.report(instance, check, 'critical', 'TTL expired')
    else if (url !== undefined && !this.#asking.has(check)) {
      this.#dueAt.set(check, now + periodMs)
      this.#ask(instance, check, url)
    }
  }

  #ask(instance: ConsulInstance, check: ConsulCheck, url: string): void {
    this.#asking.add(check)
    const answered = (status: ConsulStatus, output: string): void => {
      if (this.#asking.delete(check)) this.#catalog.report(instance, check, status, output)
    }
    const timeout = goDuration(check.definition.Timeout) ?? 10_000
    const request = get(url, { timeout, agent: false }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      // Consul's rule: too many requests are a warning.
      const status =
        statusCode >= 200 && statusCode <= 299 ? 'passing' : statusCode === 429 ? 'warning' : 'critical'
      answered(status, `HTTP GET ${url}: ${statusCode}`)
    })
    request.on('timeout', () => request.destroy(new Error('timed out')))
    request.on('error', (error) => answered('critical', `HTTP GET ${url}: ${error.message}`))
  }
}

/** Whether a check asks nobody outside of this machine. */
export function isLocalCheck(url: string | undefined): boolean {
  if (url === undefined) return true
  if (!URL.canParse(url)) return false
  const { hostname, protocol } = new URL(url)
  return (
    protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.'))
  )
}
