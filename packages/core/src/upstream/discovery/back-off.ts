const firstMs = 500
const maxMs = 30_000

/**
 * How long to wait after so many failures in a row, in milliseconds: doubling to half a minute, the upper half of it
 * drawn by chance, so that those who failed together do not come back together.
 */
export function backOffMs(failures: number, random: () => number): number {
  const longest = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 16))
  return longest / 2 + (longest / 2) * chanceOf(random)
}

/** What a `random` of the user gives is not always from 0 to below 1. */
function chanceOf(random: () => number): number {
  const chance = random()
  return chance >= 0 && chance < 1 ? chance : 0.5
}
