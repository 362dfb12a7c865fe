export { type HedgeEvents, hedge, hedgeAfter } from './hedge.js'
export { checkHedgeDelay, type HedgeOptions, hedgeDelayRules } from './options.js'
