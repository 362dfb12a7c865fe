/**
 * `options` with the names of its headers in lower case, so that a header replaces the one of the same name however
 * either is spelt. What is no object of headers is left to be refused.
 */
export function withLowerCaseHeaders<Options extends object>(options: Options): Options {
  const { headers } = options as { readonly headers?: unknown }
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) return options
  const given = Object.entries(headers).filter(([, value]) => value !== undefined)
  return {
    ...options,
    headers: Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
  }
}
