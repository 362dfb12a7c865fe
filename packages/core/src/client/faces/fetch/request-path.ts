/** What a URL asks its server for: path and query, an empty query's question mark included. */
export function requestPath({ href, pathname, search }: URL): string {
  const isEmptyQuery = search === '' && href.replace(/#.*/, '').endsWith('?')
  return pathname + (isEmptyQuery ? '?' : search)
}
