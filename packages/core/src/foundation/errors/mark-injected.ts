/** The header of an answer that chaos made, in place of the real one. */
export const chaosHeader = 'x-holdfast-chaos'

/** Says of an error that chaos made it, by its property `injected`; what is no error stays as it is. */
export function markInjected<Failure>(error: Failure): Failure {
  if (error instanceof Error && Object.isExtensible(error)) Object.assign(error, { injected: true })
  return error
}
