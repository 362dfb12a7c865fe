import { statfs } from 'node:fs/promises'
import { OptionCheck, show } from '../../../foundation/config/index.js'
import type { HealthCheck, HealthResult } from '../health-check.js'

/** Options of `diskCheck`. */
export interface DiskCheckOptions {
  /** A path on the disk, such as the folder that is written to. */
  readonly path: string
  /** The bytes that must be free. */
  readonly minFreeBytes?: number
  /**
   * The share of the disk that must be free.
   * @default 0.1 without `minFreeBytes`
   */
  readonly minFreeRatio?: number
}

const diskDefaults = Object.freeze({ minFreeRatio: 0.1 })

/**
 * A check that fails before a disk is full.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `path` is missing or an option is out of range.
 * @example
 * ```ts
 * import { diskCheck, healthRegistry } from '@holdfast/core'
 *
 * healthRegistry().add('disk', diskCheck({ path: '/', minFreeBytes: 1 }), { cacheMs: 30_000 })
 * ```
 */
export function diskCheck(options: DiskCheckOptions): HealthCheck {
  checkOptions(options)
  const { path, minFreeBytes = 0 } = options
  const minFreeRatio = options.minFreeRatio ?? (minFreeBytes === 0 ? diskDefaults.minFreeRatio : 0)

  return async (): Promise<HealthResult> => {
    const { bavail, blocks, bsize } = await statfs(path)
    const free = bavail * bsize
    const least = Math.max(minFreeBytes, blocks * bsize * minFreeRatio)
    return {
      status: free < least ? 'fail' : 'pass',
      output: `${free} bytes are free, less than ${Math.ceil(least)}`,
      observedValue: free,
      observedUnit: 'bytes',
      measurement: 'free',
    }
  }
}

function checkOptions(options: DiskCheckOptions): void {
  const check = new OptionCheck('diskCheck()')
  if (check.object('', options ?? {}, ['path', 'minFreeBytes', 'minFreeRatio'])) {
    if (typeof options?.path !== 'string' || options.path === '') {
      check.add('path', `must be a path, not ${show(options?.path)}`)
    }
    check.number('minFreeBytes', options?.minFreeBytes, { min: 1 })
    check.number('minFreeRatio', options?.minFreeRatio, { min: 0, max: 1, exclusive: true })
  }
  check.done()
}
