import { Agent } from 'node:http'
import { got as gotClient } from 'got'
import { type Arm, maxAttempts } from './arm.js'

/** got with its default retries; its transport cannot be replaced. */
export const got: Arm = {
  name: 'got',
  canBeSimulated: false,
  connect({ replicas }, { attemptTimeoutMs }) {
    const http = new Agent({ keepAlive: true })
    const client = gotClient.extend({
      agent: { http },
      timeout: { request: attemptTimeoutMs },
      retry: { limit: maxAttempts - 1 },
    })
    let turn = 0
    return {
      call: (path) => client.get(`${replicas[turn++ % replicas.length]}${path}`).json(),
      close: async () => http.destroy(),
    }
  },
}
