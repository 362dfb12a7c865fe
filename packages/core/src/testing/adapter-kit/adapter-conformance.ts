import { abortCases } from './abort-cases.js'
import { admissionCases } from './admission-cases.js'
import { chaosCases } from './chaos-cases.js'
import type { ConformanceCase } from './conformance-adapter.js'
import { contextCases } from './context-cases.js'
import { correlationCases } from './correlation-cases.js'
import { failureCases } from './failure-cases.js'
import { leakCases } from './leak-cases.js'
import { problemCases } from './problem-cases.js'
import { routeCases } from './route-cases.js'
import { shutdownCases } from './shutdown-cases.js'
import { systemCases } from './system-cases.js'

/**
 * What every adapter of a framework must get right, over real sockets: one suite for all of them. Routes are named
 * with `:name` for parameters.
 *
 * @example
 * ```ts
 * import { adapterConformance } from '@holdfast/core/testing'
 *
 * console.log(adapterConformance.length > 30) // true
 * ```
 */
export const adapterConformance: readonly ConformanceCase[] = Object.freeze([
  ...correlationCases,
  ...contextCases,
  ...leakCases,
  ...routeCases,
  ...abortCases,
  ...admissionCases,
  ...chaosCases,
  ...problemCases,
  ...failureCases,
  ...systemCases,
  ...shutdownCases,
])
