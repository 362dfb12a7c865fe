import { type OptionCheck, show } from '../../foundation/config/index.js'

/** The hosts that may receive what a request carries on: `true` for all, `false` for none, or a list. */
export type Propagation = boolean | readonly string[]

const entryPattern = /^(\*\.)?([^\s*/:@?#[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i
const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** Tells `check` what is wrong with the option `propagate`. */
export function checkPropagation(check: OptionCheck, given: unknown): void {
  if (given === undefined || typeof given === 'boolean') return
  if (!Array.isArray(given)) {
    check.add('propagate', `must be a list of hosts, true for all or false for none, not ${show(given)}`)
    return
  }
  given.forEach((entry: unknown, index) => {
    if (entry === '*') check.add(`propagate.${index}`, "is no host; give 'propagate: true' for all hosts")
    else if (typeof entry !== 'string' || !entryPattern.test(entry)) {
      const shape = "must be a host such as 'orders', 'orders:3000' or '*.internal'"
      check.add(`propagate.${index}`, `${shape}, not ${show(entry)}`)
    }
  })
}

/**
 * Whether requests to `origin` carry on the correlation and the trace of the request that they are made for.
 *
 * @param own - the origin that is the client's own, which may unless `propagate` says otherwise
 */
export function propagatesTo(
  origin: string,
  propagate: Propagation | undefined,
  own: string | undefined,
): boolean {
  if (propagate === undefined) return own !== undefined && origin === own
  if (typeof propagate === 'boolean') return propagate
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return propagate.some((entry) => matches(entry.toLowerCase(), url))
}

function matches(entry: string, { hostname, port, protocol }: URL): boolean {
  const [, wildcard, name, onlyPort] = entryPattern.exec(entry) ?? []
  if (onlyPort !== undefined && onlyPort !== (port || defaultPorts[protocol])) return false
  return wildcard === undefined ? hostname === name : hostname.endsWith(`.${name}`)
}
