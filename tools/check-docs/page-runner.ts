/** Runs the modules of one page, one after the other, and reports each to the process that started it. */
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { type Hosts, keepOnLoopback, setHosts } from './loopback-only.js'

/** A module to run. */
export interface Task {
  readonly file: string
  readonly setup: string | undefined
  readonly throws: string | undefined
}

/** How a module ended; `problem` is empty where it ended well. */
export interface TaskResult {
  readonly index: number
  readonly problem: string
}

interface Setup {
  readonly hosts?: Hosts
  readonly dispose?: () => unknown
}

let stray: unknown[] = []
process.on('unhandledRejection', (reason) => stray.push(reason))
process.on('uncaughtException', (error) => stray.push(error))

const load = (file: string): Promise<unknown> => import(pathToFileURL(file).href)
const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

async function runTask({ file, setup, throws }: Task): Promise<string> {
  stray = []
  const prelude = setup === undefined ? undefined : ((await load(setup)) as Setup)
  setHosts(prelude?.hosts ?? {})
  let failure: unknown
  try {
    await load(file)
  } catch (error) {
    failure = error
  }
  await turn()
  await prelude?.dispose?.()
  const isMeant = throws !== undefined && (failure as { code?: unknown } | undefined)?.code === throws
  const problems = [...(failure === undefined || isMeant ? [] : [failure]), ...stray]
  if (throws !== undefined && failure === undefined)
    problems.push(new Error(`it should have thrown ${throws}`))
  return problems.map((problem) => inspect(problem)).join('\n')
}

keepOnLoopback()
const tasks = JSON.parse(process.argv[2] ?? '[]') as readonly Task[]
for (const [index, task] of tasks.entries()) {
  const problem = await runTask(task).catch((error: unknown) => inspect(error))
  const result: TaskResult = { index, problem }
  await new Promise((resolve) => process.send?.(result, resolve))
}
process.exit(0)
