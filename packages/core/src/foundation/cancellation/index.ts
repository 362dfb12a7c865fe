export { type Abortable, AbortScope } from './abort-scope.js'
export { isAbortSignal } from './caller-signal.js'
export { isThenable } from './is-thenable.js'
export { cancel, type Due, schedule, timerSlackMs } from './shared-timeouts.js'
