import { holdTargets } from './hold-targets.js'

// A file for each seed: they run side by side.
holdTargets(2)
