/** Draws a number in [0, 1), like `Math.random`. */
export type Random = () => number

/**
 * A generator of random numbers that draws the same sequence for the same seed, on every machine and Node version.
 * For tests and simulations; not for secrets. (Tommy Ettinger's mulberry32, seeded through a 32-bit string hash.)
 *
 * @example
 * ```ts
 * import { seededRandom } from '@holdfast/core/testing'
 *
 * const first = seededRandom(42)
 * const second = seededRandom(42)
 * console.log(first() === second()) // true
 * ```
 */
export function seededRandom(seed: number | string): Random {
  let state = hash(String(seed))
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** FNV-1a with murmur3's last step, without which seeds that differ in one character start alike. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}
