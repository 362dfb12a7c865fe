/** A duration in a unit that suits it; a dash for none. */
export function showMs(ms: number | undefined): string {
  if (ms === undefined) return '-'
  if (ms >= 9_950) return `${Math.round(ms / 1_000)} s`
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** Seconds from the start. */
export function showSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

/** A share in percent. Only what is whole is shown as 100. */
export function showShare(share: number): string {
  const percent = share * 100
  return `${(percent < 100 ? Math.min(99.9, percent) : 100).toFixed(1)} %`
}
