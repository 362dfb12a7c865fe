/**
 * Whether `value` is to be waited for: a promise of any maker, such as Bluebird, another realm or a query builder. They
 * are told by their `then`, never by their class.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}
