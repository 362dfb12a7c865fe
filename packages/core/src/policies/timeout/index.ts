export type { TimeoutOptions } from './options.js'
export { linkTimeout, type TimeoutOf, timeout, timeoutErrors } from './timeout.js'
