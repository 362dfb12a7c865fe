const two32 = 4_294_967_296

/** A 32-bit hash of a text that is the same in every process: FNV-1a over UTF-16 code units, well mixed. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return mixed(hash)
}

/** The point of a hashed key, above 0 and below 1. Each seed spreads the same keys in another way. */
export function pointOf(hash: number, seed: number): number {
  return ((mixed(hash ^ seed) >>> 0) + 0.5) / two32
}

/** The last step of MurmurHash3: every bit of the input changes half of those of the output. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
