export { Emitter, type Listener, type Unsubscribe, warnOfListener } from './emitter.js'
export { guarded, guardedCondition, guardedRandom } from './user-function.js'
