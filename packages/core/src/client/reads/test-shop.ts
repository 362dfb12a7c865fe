import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { defineContract } from '../../contract/index.js'
import type { ClientOptions } from '../client-options.js'
import type { Client } from '../client-types.js'
import { createClient } from '../create-client.js'

const Item = z.object({ id: z.string(), serial: z.number() })

/** A contract whose reads differ in all that a cache must know of. */
export const shop = defineContract('shop', {
  getItem: {
    method: 'GET',
    path: '/items/{id}',
    input: z.object({ id: z.string(), view: z.string().optional() }),
    output: Item,
    errors: { 404: z.object({ reason: z.string() }) },
  },
  getOwnItem: {
    method: 'GET',
    path: '/items/{id}',
    input: z.object({ id: z.string(), tenant: z.string().optional() }),
    in: { tenant: { header: 'x-tenant' } },
    output: Item,
  },
  listItems: { method: 'GET', path: '/items', output: z.array(Item) },
  peekItem: { method: 'HEAD', path: '/items/{id}', input: z.object({ id: z.string() }) },
  itemImage: {
    method: 'GET',
    path: '/items/{id}/image',
    input: z.object({ id: z.string() }),
    response: 'bytes',
  },
  itemVideo: {
    method: 'GET',
    path: '/items/{id}/video',
    input: z.object({ id: z.string() }),
    response: 'stream',
  },
  addItem: { method: 'POST', path: '/items', input: z.object({ id: z.string() }) },
  changeItem: { method: 'PUT', path: '/items/{id}', input: z.object({ id: z.string(), name: z.string() }) },
})

export type ShopOptions = ClientOptions<typeof shop>
export type ShopClient = Client<typeof shop>

/** What a server of the shop was asked, and how it answers. */
export interface ShopServer {
  readonly url: string
  readonly seen: readonly IncomingMessage[]
  /** Stops answering: connections are refused. */
  stop(): Promise<void>
}

/** How a request is answered. `serial` counts the requests; what is not said is an item with it. */
export type AnswerShop = (request: IncomingMessage, response: ServerResponse, serial: number) => void

/** Starts a server without a `date` of its own, so that only the test's clock counts. */
export async function shopServer(answer: AnswerShop): Promise<ShopServer> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    response.sendDate = false
    response.setHeader('content-type', 'application/json')
    answer(request, response, seen.push(request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop }
}

/** Answers with an item, and `headers`. */
export function item(headers: Record<string, string> = {}): AnswerShop {
  return (request, response, serial) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const [, , id = ''] = (request.url ?? '').split(/[/?]/)
    response.end(JSON.stringify({ id, serial }))
  }
}

/** A client for the running test. */
export function openShop({ url }: { readonly url: string }, options: Partial<ShopOptions> = {}): ShopClient {
  const client = createClient(shop, {
    baseUrl: url,
    retry: { baseMs: 1, maxMs: 1 },
    cache: true,
    ...options,
  } as ShopOptions)
  onTestFinished(() => client.$close())
  return client
}

/** A clock that only `pass` moves; timers run as ever. */
export function testClock(): { pass(seconds: number): void } {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  return { pass: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1_000) }
}
