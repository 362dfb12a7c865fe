/** A read that is under way. */
export interface OngoingRead {
  readonly operation: string
  /** The path with its query. */
  readonly path: string
  /** What tells it apart from other reads of the path. */
  readonly variant: string
  /** Whether a write has come after its beginning: its answer may be from before. */
  isOutdated: boolean
}

/** The reads of a client that are under way, by path. */
export class OngoingReads {
  readonly #byPath = new Map<string, OngoingRead[]>()

  begin(read: OngoingRead): void {
    const others = this.#byPath.get(read.path)
    if (others === undefined) this.#byPath.set(read.path, [read])
    else others.push(read)
  }

  end(read: OngoingRead): void {
    const reads = this.#byPath.get(read.path)
    const index = reads?.indexOf(read) ?? -1
    if (reads === undefined || index === -1) return
    if (reads.length === 1) this.#byPath.delete(read.path)
    else reads.splice(index, 1)
  }

  /** One that asks the same and that no write has come after. */
  find(operation: string, path: string, variant: string): OngoingRead | undefined {
    return this.#byPath
      .get(path)
      ?.find((read) => read.operation === operation && read.variant === variant && !read.isOutdated)
  }

  /** A write has changed what is at `path`. */
  outdate(path: string): void {
    for (const read of this.#byPath.get(path) ?? []) read.isOutdated = true
  }

  get count(): number {
    let count = 0
    for (const reads of this.#byPath.values()) count += reads.length
    return count
  }
}
