import { Agent, fetch as undiciFetch } from 'undici'
import { type Arm, maxAttempts, StatusError, type Target } from './arm.js'
import { connections, undiciSender } from './send-request.js'

const firstDelayMs = 100

/** The loop around `fetch` that many services have: everything but a success is tried again, after 100 and 200 ms. */
export const retryingFetch: Arm = {
  name: 'fetch + retries',
  canBeSimulated: true,
  connect(target, settings) {
    const { send, close } =
      target.network === undefined ? fetchSend(target, settings) : undiciSender(target, settings)
    const call = async (path: string) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await send(path)
        } catch (error) {
          if (attempt === maxAttempts) throw error
          await new Promise((resolve) => setTimeout(resolve, firstDelayMs * 2 ** (attempt - 1)))
        }
      }
    }
    return { call, close }
  },
}

function fetchSend({ replicas }: Target, { attemptTimeoutMs }: { attemptTimeoutMs: number }) {
  const dispatcher = new Agent({ connections })
  let turn = 0
  const send = async (path: string) => {
    const origin = replicas[turn++ % replicas.length] as string
    const response = await undiciFetch(origin + path, {
      dispatcher,
      signal: AbortSignal.timeout(attemptTimeoutMs),
    })
    await response.text()
    if (!response.ok) throw new StatusError(response.status)
  }
  return { send, close: () => dispatcher.destroy() }
}
