import { Agent, type Dispatcher, request } from 'undici'
import { type CallSettings, StatusError, type Target } from './arm.js'
import { PlainExchange } from './plain-exchange.js'

/** One attempt; `signal` is the caller's. */
type Send = (path: string, signal?: AbortSignal) => Promise<unknown>

/** An attempt of a client without protection of its own. */
export interface Sender {
  readonly send: Send
  close(): Promise<void>
}

/** More than any scenario has in flight: what queues is to queue at the server. */
export const connections = 4_000

/** `undici.request` with a time limit, to the replicas in turn, as one gets from a name with several addresses. */
export function undiciSender({ replicas, network }: Target, { attemptTimeoutMs }: CallSettings): Sender {
  let turn = 0
  const nextOrigin = () => replicas[turn++ % replicas.length] as string
  if (network !== undefined) {
    return {
      send: (path, signal) => exchange(network, nextOrigin(), path, { timeoutMs: attemptTimeoutMs, signal }),
      close: async () => {},
    }
  }
  const dispatcher = new Agent({ connections })
  return {
    send: (path, signal) => sendRequest(dispatcher, nextOrigin() + path, attemptTimeoutMs, signal),
    close: () => dispatcher.destroy(),
  }
}

function exchange(
  network: Dispatcher,
  origin: string,
  path: string,
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<number> {
  return new Promise((resolve, reject) => {
    network.dispatch({ origin, path, method: 'GET' }, new PlainExchange(resolve, reject, limits))
  })
}

async function sendRequest(
  dispatcher: Dispatcher,
  url: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', abort)
  const timer = setTimeout(() => controller.abort(new Error('timed out')), timeoutMs)
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal: controller.signal })
    await body.text()
    if (statusCode >= 400) throw new StatusError(statusCode)
    return statusCode
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
