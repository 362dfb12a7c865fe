export {
  type AdmissionOptions,
  type AdmissionReason,
  type AdmissionSettings,
  checkAdmission,
  resolveAdmission,
} from './service/admission/index.js'
export type { ProblemEntry, RequestPlace, StandardIssue } from './service/problems/index.js'
export {
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
  exchangeOf,
  preparePrototype,
  prepareToBind,
  resolveServerChaos,
  runtimeOf,
  type ServerAdapter,
  type ServerChaosOption,
  ServerRuntime,
  type ServerRuntimeOptions,
} from './service/server/index.js'
