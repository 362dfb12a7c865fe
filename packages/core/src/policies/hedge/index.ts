export { type HedgeEvents, type HedgeOptions, hedge, hedgeAfter } from './hedge.js'
