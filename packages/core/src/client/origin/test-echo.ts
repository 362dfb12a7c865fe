import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server that keeps the requests it was sent, for the running test. */
export interface EchoServer {
  readonly url: string
  readonly port: number
  readonly seen: readonly IncomingMessage[]
}

/** Starts a server that answers with `{}`, or as `answer` has it. */
export async function echoServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void = (_, response) =>
    response.setHeader('content-type', 'application/json').end('{}'),
): Promise<EchoServer> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => answer(request, response, seen.push(request)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, seen }
}
