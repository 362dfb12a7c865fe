import { createServer, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'
import { Execution } from '../policies/index.js'
import { createTransport, type Transport, type TransportOptions } from './create-transport.js'
import { send } from './send.js'
import type { TransportRequest, TransportResponse } from './transport-request.js'

/** A server that speaks whatever bytes a test makes it speak. */
export interface RawServer {
  readonly origin: string
  readonly port: number
  /**
   * Open connections that have carried a request. undici replaces the connection of an aborted request at once by one
   * that nobody has asked for.
   */
  readonly busySockets: () => number
  /** The heads of the requests, and as much of the bodies as came with them. */
  readonly requests: readonly string[]
  readonly connections: () => number
}

/** Starts a server for the running test; `answer` is called for every request head. */
export async function rawServer(answer: (socket: Socket, request: string) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const used = new Set<Socket>()
  const requests: string[] = []
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(socket)
        used.delete(socket)
      })
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      if (!/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(text)) return
      requests.push(text)
      used.add(socket)
      answer(socket, text)
    })
  })
  const port = await listen(server)
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    busySockets: () => used.size,
    connections: () => connections,
  }
}

/** Has `server` listen on a free port of the loopback interface. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

/** A transport for the running test, which must leave no socket behind. */
export function openTransport(options: Partial<TransportOptions> = {}): Transport {
  const before = activeSockets()
  const transport = createTransport({ connections: 10, ...options })
  onTestFinished(async () => {
    await transport.destroy()
    await vi.waitFor(() => expect(activeSockets()).toBeLessThanOrEqual(before))
  })
  return transport
}

function activeSockets(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name === 'TCPSocketWrap' || name === 'TCPConnectWrap').length
}

/** An execution that serves nothing else. */
export function newExecution(): Execution {
  return Execution.start(() => undefined)
}

/** A GET of `/`, changed by `changes`. */
export function requestTo(origin: string, changes: Partial<TransportRequest> = {}): TransportRequest {
  return {
    origin,
    path: '/',
    method: 'GET',
    headers: {},
    body: undefined,
    mode: 'buffer',
    maxResponseBytes: 1_000_000,
    idleTimeoutMs: 0,
    ...changes,
  }
}

/** Sends one request. */
export function fetchFrom(
  transport: Transport,
  origin: string,
  changes: Partial<TransportRequest> = {},
  execution: Execution = newExecution(),
): Promise<TransportResponse> {
  return send(transport.dispatcherFor(origin), requestTo(origin, changes), execution)
}

/** `promise`, but only its failure will do. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('it succeeded')
}

/** A whole response with `body`. */
export function answerWith(body: string | Buffer, headers = ''): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n${headers}\r\n`),
    bytes,
  ])
}
