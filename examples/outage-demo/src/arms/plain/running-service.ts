import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service that listens. `await using` stops it. */
export interface RunningService extends AsyncDisposable {
  readonly url: string
}

/** Starts an Express application, or any other request listener, on a free port. */
export async function listen(listener: RequestListener): Promise<RunningService> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
