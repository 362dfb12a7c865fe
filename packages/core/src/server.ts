export {
  type AdmissionOptions,
  type AdmissionReason,
  type AdmissionSettings,
  checkAdmission,
  resolveAdmission,
} from './service/admission/index.js'
export type { ProblemEntry, RequestPlace, StandardIssue } from './service/problems/index.js'
export {
  type FailureOrigin,
  invalidRequest,
  isProblemError,
  ProblemError,
  type ProblemOptions,
  type ProblemResponse,
  problemResponse,
} from './service/problems/index.js'
export {
  announceChaos,
  attachRuntime,
  type ChaosRequest,
  checkServerChaos,
  Exchange,
  entityHeaders,
  exchangeOf,
  preparePrototype,
  prepareToBind,
  type RequestTurn,
  resolveServerChaos,
  runtimeOf,
  type ServerAdapter,
  type ServerChaosOption,
  ServerRuntime,
  type ServerRuntimeOptions,
  sendProblem,
} from './service/server/index.js'
