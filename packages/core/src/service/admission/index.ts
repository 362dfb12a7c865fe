export {
  type AdmissionOptions,
  type AdmissionSettings,
  checkAdmission,
  resolveAdmission,
} from './admission-options.js'
export type { AdmissionReason } from './admission-refusal.js'
export { type Admission, RequestAdmission } from './request-admission.js'
