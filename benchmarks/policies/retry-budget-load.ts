/** What retries add to the load of a dependency, and what they make good, with and without a budget. */
import { retry, retryBudget } from '@holdfast/core'
import { seededRandom } from '@holdfast/core/testing'

const calls = 10_000
const failingShares = [0.01, 0.05, 0.2, 0.5, 1]

const budgets = {
  'no retries': undefined,
  'no budget': false,
  'ratio 0.1': retryBudgetOf(0.1),
  'ratio 0.2': retryBudgetOf(0.2),
} as const

function retryBudgetOf(ratio: number) {
  return () => retryBudget({ ratio, floorMs: false })
}

async function run(budget: (typeof budgets)[keyof typeof budgets], failing: number) {
  const random = seededRandom(7)
  const maxAttempts = budget === undefined ? 1 : 3
  const policy = retry({ maxAttempts, baseMs: 0, budget: typeof budget === 'function' ? budget() : false })
  let requests = 0
  let answers = 0
  for (let call = 0; call < calls; call++) {
    const request = async (): Promise<void> => {
      requests++
      if (random() < failing) throw new Error('failed')
    }
    await policy.execute(request).then(
      () => answers++,
      () => {},
    )
  }
  return { requests: requests / calls, answers: answers / calls }
}

console.log(
  `requests a call, and answers${failingShares.map((share) => `${share * 100} % fail`.padStart(18)).join('')}`,
)
for (const [name, budget] of Object.entries(budgets)) {
  const cells: string[] = []
  for (const failing of failingShares) {
    const { requests, answers } = await run(budget, failing)
    cells.push(`${requests.toFixed(2)}  ${(answers * 100).toFixed(1).padStart(5)} %`.padStart(18))
  }
  console.log(name.padEnd(28) + cells.join(''))
}
