/** The route of a request that none matched. */
export const unmatchedRoute = '<unmatched>'
/** Stands for labels that found no place any more. */
export const overflowLabel = '<overflow>'
/** Stands for methods and statuses that HTTP does not know. */
export const otherLabel = '_OTHER'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', otherLabel]
const indexes: ReadonlyMap<string, number> = new Map(methods.map((method, index) => [method, index]))
const otherIndex = methods.length - 1

/** A small number for a method; everything that is no method of HTTP has one number together. */
export function methodIndex(method: string): number {
  return indexes.get(method) ?? otherIndex
}

export function methodLabel(index: number): string {
  return methods[index] ?? otherLabel
}

/** `200`, or `_OTHER` for what cannot be a status. */
export function statusLabel(status: number): string {
  return Number.isInteger(status) && status >= 100 && status <= 999 ? String(status) : otherLabel
}
