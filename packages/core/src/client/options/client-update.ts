import type { RateLimitOptions } from '../../policies/index.js'
import type { ClientOptions } from './client-options.js'
import type { ChangeableName } from './option-names.js'

/** What `$update()` takes: any of these options, each in whole or in part. */
export type ClientUpdate<Ops = Record<string, never>> = {
  readonly [Name in Exclude<ChangeableName, 'rateLimit'>]?: ClientOptions<Ops>[Name] | undefined
} & { readonly rateLimit?: Partial<RateLimitOptions> | false | undefined }
