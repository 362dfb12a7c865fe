export { type LoadConfigOptions, loadConfig } from './load-config.js'
export type { ConfigFile } from './load-config-sources.js'
export { OptionCheck, show } from './option-check.js'
export { Secret, secret } from './secret.js'
