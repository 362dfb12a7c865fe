import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConsulCatalog } from './consul-catalog.js'
import { type ConsulChecks, isLocalCheck } from './consul-checks.js'
import type { ConsulInstance, ConsulServiceDefinition, ConsulStatus } from './consul-types.js'
import { goDuration } from './go-duration.js'

/** What the API needs. */
export interface ConsulApiParts {
  readonly catalog: ConsulCatalog
  readonly checks: ConsulChecks
  readonly token: string | undefined
  readonly node: { readonly name: string; readonly datacenter: string; readonly zone: string | undefined }
  /** Whether questions that should wait are answered at once. */
  readonly answersAtOnce: () => boolean
}

interface Reply {
  readonly status: number
  readonly body: unknown
  readonly index?: number
}

const maxWaitMs = 600_000
const defaultWaitMs = 300_000
const maxBodyBytes = 1024 * 1024
const checkActions: Readonly<Record<string, ConsulStatus>> = {
  pass: 'passing',
  warn: 'warning',
  fail: 'critical',
}

/** The part of Consul's HTTP API that finding and registering services takes. */
export class ConsulApi {
  readonly #parts: ConsulApiParts

  constructor(parts: ConsulApiParts) {
    this.#parts = parts
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request, response).catch((error: unknown) => {
      return { status: 400, body: `Request decode failed: ${(error as Error).message}` } satisfies Reply
    })
    if (response.destroyed) return
    const { status, body } = reply
    const index = 'index' in reply ? reply.index : undefined
    const isText = typeof body === 'string'
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      ...(index === undefined
        ? {}
        : { 'x-consul-index': `${index}`, 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' }),
    })
    response.end(isText ? body : body === undefined ? '' : JSON.stringify(body))
  }

  async #reply(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://consul')
    if (!this.#isAllowed(request))
      return { status: 403, body: 'Permission denied: token with AccessorID lacks permission' }
    const parts = pathname.split('/').slice(1).map(decodeURIComponent)
    const [version, area, kind, action, id = ''] = parts
    const route = `${request.method} /${[version, area, kind].join('/')}`
    if (route === 'GET /v1/health/service') return this.#health(action ?? '', searchParams, response)
    if (route === 'GET /v1/status/leader') return { status: 200, body: '"127.0.0.1:8300"' }
    if (route === 'GET /v1/agent/services') {
      const entries = this.#parts.catalog.instances.map((instance) => [instance.id, this.#service(instance)])
      return { status: 200, body: Object.fromEntries(entries) }
    }
    if (route === 'GET /v1/agent/service') return this.#agentService(action ?? '')
    if (route === 'PUT /v1/agent/service' && action === 'register')
      return this.#register(await bodyOf(request))
    if (route === 'PUT /v1/agent/service' && action === 'deregister') return this.#deregister(id)
    if (route === 'PUT /v1/agent/check')
      return this.#check(action ?? '', id, await bodyOf(request), searchParams)
    return { status: 404, body: `no route for ${request.method} ${pathname}` }
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { token } = this.#parts
    return (
      token === undefined ||
      headers['x-consul-token'] === token ||
      headers.authorization === `Bearer ${token}`
    )
  }

  /** A blocking query, where an index is given: waits for a later one, or as long as it was told to. */
  async #health(name: string, query: URLSearchParams, response: ServerResponse): Promise<Reply> {
    const { catalog, node } = this.#parts
    const datacenter = query.get('dc')
    if (datacenter !== null && datacenter !== node.datacenter) {
      return { status: 500, body: 'No path to datacenter' }
    }
    const index = Number(query.get('index') ?? 0)
    if (index > 0 && !this.#parts.answersAtOnce()) {
      const givenMs = goDuration(query.get('wait') ?? undefined) ?? defaultWaitMs
      const waitMs = Math.min(maxWaitMs, givenMs)
      await this.#changeOf(name, index, waitMs + (Math.random() * waitMs) / 16, response)
    }
    const tags = query.getAll('tag')
    const instances = catalog.named(name).filter(({ definition, checks }) => {
      const isPassing = checks.every(({ status }) => status === 'passing')
      return (!query.has('passing') || isPassing) && tags.every((tag) => definition.Tags?.includes(tag))
    })
    return {
      status: 200,
      index: catalog.indexOf(name),
      body: instances.map((instance) => this.#entry(instance)),
    }
  }

  #changeOf(name: string, index: number, waitMs: number, response: ServerResponse): Promise<void> {
    const { catalog } = this.#parts
    if (catalog.indexOf(name) > index) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        stop()
        response.off('close', done)
        resolve()
      }
      const timer = setTimeout(done, waitMs)
      const stop = catalog.onChange(() => {
        // A catalog that was lost wakes everybody up, as servers that restore a snapshot do.
        if (catalog.indexOf(name) !== index) done()
      })
      response.once('close', done)
    })
  }

  #entry(instance: ConsulInstance): object {
    const { name: Node, datacenter: Datacenter, zone } = this.#parts.node
    const { Name } = instance.definition
    const Checks = instance.checks.map(({ id, status, output, definition }) => {
      const about = { ServiceID: instance.id, ServiceName: Name, Output: output }
      return {
        Node,
        CheckID: id,
        Name: definition.Name ?? `Service '${Name}' check`,
        Status: status,
        ...about,
      }
    })
    const Meta = zone === undefined ? {} : { zone }
    return {
      Node: { Node, Address: '127.0.0.1', Datacenter, Meta },
      Service: this.#service(instance),
      Checks,
    }
  }

  #service({ id, definition }: ConsulInstance): object {
    const { Name: Service, Address = '', Port = 0, Tags = [], Meta = {} } = definition
    return {
      ID: id,
      Service,
      Address,
      Port,
      Tags,
      Meta,
      Weights: definition.Weights ?? { Passing: 1, Warning: 1 },
    }
  }

  #agentService(id: string): Reply {
    const instance = this.#parts.catalog.find(id)
    return instance === undefined
      ? { status: 404, body: `unknown service ID: "${id}"` }
      : { status: 200, body: this.#service(instance) }
  }

  #register(text: string): Reply {
    const definition = JSON.parse(text) as ConsulServiceDefinition
    if (typeof definition.Name !== 'string' || definition.Name === '') {
      return { status: 400, body: 'Missing service name' }
    }
    const checks = [definition.Check ?? [], definition.Checks ?? []].flat()
    if (!checks.every(({ HTTP }) => isLocalCheck(HTTP))) {
      return { status: 400, body: 'Invalid check: this registry asks http: URLs of this machine only' }
    }
    this.#parts.catalog.register(definition)
    return { status: 200, body: undefined }
  }

  #deregister(id: string): Reply {
    return this.#parts.catalog.deregister(id)
      ? { status: 200, body: undefined }
      : {
          status: 404,
          body: `Unknown service ID "${id}". Ensure that the service ID is passed, not the service name.`,
        }
  }

  #check(action: string, id: string, text: string, query: URLSearchParams): Reply {
    const { catalog, checks } = this.#parts
    const given = action === 'update' ? (JSON.parse(text) as { Status?: ConsulStatus; Output?: string }) : {}
    const status = action === 'update' ? given.Status : checkActions[action]
    if (status === undefined) return { status: 400, body: 'Invalid check status' }
    for (const instance of catalog.instances) {
      const check = instance.checks.find((one) => one.id === id)
      if (check?.definition.TTL === undefined) continue
      checks.signOfLife(instance, check, status, given.Output ?? query.get('note') ?? '')
      return { status: 200, body: undefined }
    }
    return {
      status: 404,
      body: `Unknown check ID "${id}". Ensure that the check ID is passed, not the check name.`,
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > maxBodyBytes) throw new Error('the body is too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
