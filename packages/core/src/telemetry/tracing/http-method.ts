import type { SpanAttributeValues } from './span-attributes.js'

const known: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
])

const maxMethodLength = 32

/** The attributes that name the method: those of unknown methods would be without number. */
export function methodAttributes(method: string): SpanAttributeValues {
  return known.has(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method.slice(0, maxMethodLength) }
}

/** `{method} {template}`, or the method alone. */
export function spanName(method: string, template: string | undefined): string {
  const verb = known.has(method) ? method : 'HTTP'
  return template === undefined ? verb : `${verb} ${template}`
}
