import { Agent } from 'node:http'
import axios, { type AxiosAdapter, AxiosError } from 'axios'
import axiosRetry from 'axios-retry'
import { type Arm, type CallSettings, maxAttempts, StatusError, type Target } from './arm.js'
import { undiciSender } from './send-request.js'

/** axios with axios-retry's defaults. */
export const axiosWithRetry: Arm = {
  name: 'axios + axios-retry',
  canBeSimulated: true,
  connect(target, settings) {
    const agent = new Agent({ keepAlive: true })
    const client = axios.create({
      timeout: settings.attemptTimeoutMs,
      httpAgent: agent,
      ...(target.network !== undefined && { adapter: simulatedAdapter(target, settings) }),
    })
    axiosRetry(client, { retries: maxAttempts - 1 })
    let turn = 0
    return {
      call: (path) => client.get(`${target.replicas[turn++ % target.replicas.length]}${path}`),
      close: async () => agent.destroy(),
    }
  },
}

function simulatedAdapter(target: Target, settings: CallSettings): AxiosAdapter {
  const { send } = undiciSender(target, settings)
  return async (config) => {
    const response = (status: number) => ({ data: '{}', status, statusText: '', headers: {}, config })
    try {
      await send(new URL(config.url ?? '').pathname)
      return response(200)
    } catch (error) {
      if (error instanceof StatusError) {
        throw new AxiosError(
          error.message,
          AxiosError.ERR_BAD_RESPONSE,
          config,
          undefined,
          response(error.status),
        )
      }
      const { code } = error as { code?: string }
      throw new AxiosError(String(error), code ?? AxiosError.ECONNABORTED, config)
    }
  }
}
