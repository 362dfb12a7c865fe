/** A folder of core that holds features. */
export interface Wing {
  readonly name: string
  /** Its folders, in the order in which they may import; `undefined` where nothing orders them. */
  readonly features?: readonly string[]
}

/** The wings of core, in the order in which they may import. */
export const wings: readonly Wing[]
