export {
  type AdmissionOptions,
  type AdmissionReason,
  type AdmissionSettings,
  checkAdmission,
  resolveAdmission,
} from './admission/index.js'
export { preparePrototype, prepareToBind } from './bind-events.js'
export { Exchange, exchangeOf } from './exchange.js'
export { type ProblemResponse, problemResponse } from './problem.js'
export { invalidRequest, isProblemError, ProblemError, type ProblemOptions } from './problem-error.js'
export type { ProblemEntry, RequestPlace, StandardIssue } from './request-issues.js'
export {
  announceChaos,
  type ChaosRequest,
  checkServerChaos,
  resolveServerChaos,
  type ServerChaosOption,
} from './server-chaos.js'
export {
  attachRuntime,
  runtimeOf,
  type ServerAdapter,
  ServerRuntime,
  type ServerRuntimeOptions,
} from './server-runtime.js'
