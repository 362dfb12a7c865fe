export { linkTimeout, type TimeoutOf, type TimeoutOptions, timeout, timeoutErrors } from './timeout.js'
