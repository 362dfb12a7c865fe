/** What `pending` says, or `false` when it says nothing in `timeoutMs` or rejects. */
export function within(timeoutMs: number, pending: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    pending.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      () => {
        clearTimeout(timer)
        resolve(false)
      },
    )
  })
}
