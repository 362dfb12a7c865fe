export { type FailureOrigin, type ProblemResponse, problemResponse } from './problem.js'
export { invalidRequest, isProblemError, ProblemError, type ProblemOptions } from './problem-error.js'
export type { ProblemEntry, RequestPlace, StandardIssue } from './request-issues.js'
