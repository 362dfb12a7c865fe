import { Agent, request } from 'node:http'

/** A request of the outside world. */
export interface CallerRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly idempotencyKey?: string
}

/** What came back. */
export interface CallerResponse {
  readonly status: number
  readonly body: string
}

/** Who calls the gateway: as many connections as it takes, no retries, and a patience of 20 s. */
export class Caller implements Disposable {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(url: string) {
    this.#url = url
  }

  call({ method, path, body, idempotencyKey }: CallerRequest): Promise<CallerResponse> {
    const headers: Record<string, string> = {}
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#url + path, { method, headers, agent: this.#agent, timeout: 20_000 })
      outgoing.once('error', reject)
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 20 s')))
      outgoing.once('response', (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.once('error', reject)
        incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }))
      })
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}
