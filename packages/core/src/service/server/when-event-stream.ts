import type { ServerResponse } from 'node:http'

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse

/** Calls `fn` once the headers of a response are sent and say that it is an event stream. */
export function whenEventStream(response: ServerResponse, fn: () => void): void {
  const watched = response as unknown as { writeHead: WriteHead }
  const { writeHead } = watched
  watched.writeHead = function (...args) {
    const isEventStream = isEventStreamType(typeAmong(args.at(-1)) ?? this.getHeader('content-type'))
    const result = writeHead.apply(this, args)
    if (isEventStream) fn()
    return result
  }
}

function isEventStreamType(type: unknown): boolean {
  return typeof type === 'string' && /^text\/event-stream\b/i.test(type)
}

/** The content type among headers that are given as an object, as a list of pairs or as a flat list. */
function typeAmong(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined
  const flat: readonly unknown[] = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat()
  const name = flat.findIndex(
    (each, index) => index % 2 === 0 && String(each).toLowerCase() === 'content-type',
  )
  return name < 0 ? undefined : flat[name + 1]
}
