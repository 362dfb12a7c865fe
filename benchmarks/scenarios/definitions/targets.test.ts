import { holdTargets } from './hold-targets.js'
import { scenarios } from './scenarios.js'

// The first of each scenario; `npm run test:scenarios` takes all of them, under two seeds.
const first = new Set(scenarios.map(({ variants }) => variants[0]))
holdTargets(1, (variant) => first.has(variant))
