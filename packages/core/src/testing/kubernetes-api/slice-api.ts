import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KubernetesSlice } from './kubernetes-slice.js'
import type { SliceEvent, SliceStore } from './slice-store.js'

const pathPattern = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices$/
const maxWatchMs = 3_600_000
const defaultWatchMs = 1_800_000

/** Lists and watches of slices, as the API of Kubernetes answers them. */
export class SliceApi {
  readonly #store: SliceStore
  readonly #token: string | undefined
  readonly #watches = new Set<ServerResponse>()

  constructor(store: SliceStore, token: string | undefined) {
    this.#store = store
    this.#token = token
  }

  get watches(): number {
    return this.#watches.size
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://kubernetes')
    const [, namespace] = pathPattern.exec(pathname) ?? []
    if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`) {
      refuse(response, 401, 'Unauthorized')
    } else if (request.method !== 'GET' || namespace === undefined) {
      refuse(response, 404, 'the server could not find the requested resource')
    } else if (query.has('watch')) this.#watch(decodeURIComponent(namespace), query, response)
    else this.#list(decodeURIComponent(namespace), query, response)
  }

  /** Tells every watch the version, as the API does about once a minute. */
  bookmark(): void {
    const metadata = { resourceVersion: `${this.#store.version}` }
    for (const response of this.#watches) write(response, 'BOOKMARK', { kind: 'EndpointSlice', metadata })
  }

  /** Ends every watch: in order, with `410 Gone`, or by destroying its connection. */
  endWatches(how: 'done' | 'gone' | 'broken'): void {
    for (const response of [...this.#watches]) {
      if (how === 'broken') response.destroy()
      else if (how === 'gone') end(response, expired)
      else response.end()
    }
  }

  #list(namespace: string, query: URLSearchParams, response: ServerResponse): void {
    const items = this.#store.list(namespace).filter(selected(query))
    const limit = Number(query.get('limit') ?? Number.POSITIVE_INFINITY)
    const from = Number(query.get('continue') ?? 0)
    const isCut = items.length > from + limit
    const metadata = {
      resourceVersion: `${this.#store.version}`,
      ...(isCut ? { continue: `${from + limit}` } : {}),
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSliceList',
        metadata,
        items: items.slice(from, from + limit),
      }),
    )
  }

  #watch(namespace: string, query: URLSearchParams, response: ServerResponse): void {
    const missed = this.#store.since(Number(query.get('resourceVersion') ?? this.#store.version))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (missed === undefined) {
      end(response, expired)
      return
    }
    const isSelected = selected(query)
    const tell = ({ namespace: where, object, type }: SliceEvent): void => {
      if (where === namespace && isSelected(object)) write(response, type, object)
    }
    for (const event of missed) tell(event)
    const stop = this.#store.onEvent(tell)
    const ms = Number(query.get('timeoutSeconds') ?? Number.NaN) * 1_000
    const timer = setTimeout(() => response.end(), Math.min(maxWatchMs, ms || defaultWatchMs))
    this.#watches.add(response)
    response.once('close', () => {
      clearTimeout(timer)
      stop()
      this.#watches.delete(response)
    })
  }
}

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }

function end(response: ServerResponse, status: object): void {
  write(response, 'ERROR', status)
  response.end()
}

function write(response: ServerResponse, type: string, object: object): void {
  // One that has ended is told by the next watch.
  if (response.writableEnded || response.destroyed) return
  response.write(`${JSON.stringify({ type, object })}\n`)
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }))
}

/** Of label selectors those that ask for equality. */
function selected(query: URLSearchParams): (slice: KubernetesSlice) => boolean {
  const wanted = (query.get('labelSelector') ?? '').split(',').filter((part) => part !== '')
  const pairs = wanted.map((part) => part.split(/==?/))
  return ({ metadata: { labels = {} } }) => pairs.every(([name = '', value]) => labels[name] === value)
}
