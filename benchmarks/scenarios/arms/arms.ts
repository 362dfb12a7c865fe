import type { Arm } from './arm.js'
import { axiosWithRetry } from './axios.js'
import { cockatiel } from './cockatiel.js'
import { got } from './got.js'
import { holdfast } from './holdfast.js'
import { opossumPRetry } from './opossum.js'
import { retryingFetch } from './retrying-fetch.js'
import { bareUndici } from './undici.js'

/** In the order of the tables. */
export const arms: readonly Arm[] = [
  holdfast,
  bareUndici,
  retryingFetch,
  got,
  axiosWithRetry,
  opossumPRetry,
  cockatiel,
]

/** @throws {Error} when there is none of that name. */
export function armNamed(name: string): Arm {
  const found = arms.find((arm) => arm.name === name)
  if (found === undefined)
    throw new Error(`no such arm: ${name}; there are ${arms.map((arm) => arm.name).join(', ')}`)
  return found
}
