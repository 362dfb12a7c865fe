import type { Call } from '../operation/call.js'
import { contextHeaders } from './storage-policy.js'

/** What contract and call say in headers, by which their answers may differ. */
export type VariantHeaders = Readonly<Record<string, string>>

const none: VariantHeaders = Object.freeze({})

/**
 * Gives the headers of a call by which its answer may differ: those of its own, and of every call of the client, that
 * are not ignored.
 */
export function variantReader(
  ignored: readonly string[],
  ofAll: Readonly<Record<string, string>>,
): (call: Call) => VariantHeaders {
  const skipped = new Set([...contextHeaders, 'content-type', 'content-length', 'user-agent', ...ignored])
  const fixed = Object.entries(ofAll).filter(([name]) => !skipped.has(name))
  const base: VariantHeaders = fixed.length === 0 ? none : Object.freeze(Object.fromEntries(fixed))
  return ({ callHeaders, request }) => {
    const encoded = request?.headers
    if (callHeaders === undefined && encoded === undefined) return base
    let found: Record<string, string> | undefined
    for (const headers of [encoded, callHeaders]) {
      for (const name in headers) {
        if (skipped.has(name)) continue
        found ??= { ...base }
        found[name] = headers[name] as string
      }
    }
    return found ?? base
  }
}

/** The same headers as one text. */
export function variantText(headers: VariantHeaders): string {
  if (headers === none) return ''
  return JSON.stringify(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)))
}
