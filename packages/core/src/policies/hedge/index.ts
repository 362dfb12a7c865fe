export { type HedgeEvents, hedge, hedgeAfter } from './hedge.js'
export type { HedgeOptions } from './options.js'
