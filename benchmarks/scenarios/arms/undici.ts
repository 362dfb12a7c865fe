import type { Arm } from './arm.js'
import { undiciSender } from './send-request.js'

/** No protection but a time limit, and no retries: what the others are compared with. */
export const bareUndici: Arm = {
  name: 'undici.request',
  canBeSimulated: true,
  connect(target, settings) {
    const { send, close } = undiciSender(target, settings)
    return { call: (path) => send(path), close }
  },
}
