export { type LoadConfigOptions, loadConfig } from './load-config.js'
export type { ConfigFile } from './load-config-sources.js'
export { changedOptions, mergeOptions, type OptionChange } from './merge-options.js'
export { OptionCheck, show, showUrl } from './option-check.js'
export {
  checkAll,
  checkByRules,
  type OptionRule,
  type OptionRules,
  optionPath,
  optionRule,
} from './option-rules.js'
export { Secret, secret } from './secret.js'
