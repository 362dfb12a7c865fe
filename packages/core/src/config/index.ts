export { OptionCheck, show } from './option-check.js'
