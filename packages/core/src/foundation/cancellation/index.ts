export { type Abortable, AbortScope } from './abort-scope.js'
export { cancel, type Due, schedule, timerSlackMs } from './shared-timeouts.js'
