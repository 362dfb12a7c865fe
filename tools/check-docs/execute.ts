import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFile, type Module, modulesFolder, pageLine } from './modules.js'
import type { Task, TaskResult } from './page-runner.js'

/** How long one block may take. */
const timeLimitMs = 20_000

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

function compileRunner(): string {
  compileFile(source('./loopback-only.ts'), join(modulesFolder, 'loopback-only.js'))
  return compileFile(source('./page-runner.ts'), join(modulesFolder, 'page-runner.js'))
}

const taskOf = ({ file, setupFile, snippet }: Module): Task => ({
  file: compileFile(file),
  setup: setupFile === undefined ? undefined : compileFile(setupFile),
  throws: snippet.throws,
})

/**
 * Runs tasks in a new process until they have ended, or one ends the process or runs out of time. Returns the problem
 * of each task that ended, well or not.
 */
function runTasks(runner: string, tasks: readonly Task[]): Promise<readonly string[]> {
  const child = fork(runner, [JSON.stringify(tasks)], {
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const problems: string[] = []
  let output: string[] = []
  let hasTimedOut = false
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => output.push(text))
  }
  const expire = () => {
    hasTimedOut = true
    child.kill('SIGKILL')
  }
  let timer = setTimeout(expire, timeLimitMs)
  child.on('message', ({ problem }: TaskResult) => {
    clearTimeout(timer)
    timer = setTimeout(expire, timeLimitMs)
    problems.push(problem === '' ? '' : `${problem}\n${output.join('')}`.trimEnd())
    output = []
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer)
      const isCutShort = problems.length < tasks.length
      const reason = hasTimedOut
        ? `it took more than ${timeLimitMs / 1_000} s`
        : `it ended the process (${code})`
      if (isCutShort) problems.push(`${reason}\n${output.join('')}`.trimEnd())
      resolve(problems)
    })
  })
}

/** Names the page instead of the module in a stack, and leaves out the frames of the runner. */
function onPage(problem: string, module: Module): string {
  const frames = problem.split('\n').filter((line) => !/^\s+at .*(page-runner\.ts|node:internal)/.test(line))
  return frames
    .join('\n')
    .split(`${module.file}:`)
    .map((part, index) => {
      const [position = '', line] = /^(\d+):\d+/.exec(part) ?? []
      return index === 0 || line === undefined
        ? part
        : pageLine(module, Number(line)) + part.slice(position.length)
    })
    .join('')
}

async function runPage(runner: string, modules: readonly Module[]): Promise<readonly string[]> {
  const tasks = modules.map(taskOf)
  const problems: string[] = []
  while (problems.length < tasks.length) {
    problems.push(...(await runTasks(runner, tasks.slice(problems.length))))
  }
  return modules.flatMap((module, index) => {
    const problem = problems[index] ?? ''
    return problem === '' ? [] : [`${module.snippet.page}:${module.snippet.line}: ${onPage(problem, module)}`]
  })
}

/** Runs the modules, each page in processes of its own, two pages at a time. Returns what went wrong. */
export async function execute(modules: readonly Module[]): Promise<readonly string[]> {
  const runner = compileRunner()
  const pages = [...new Set(modules.map(({ snippet }) => snippet.page))]
  const queue = pages.values()
  const problems: string[] = []
  const lane = async () => {
    for (const page of queue) {
      const modulesOfPage = modules.filter(({ snippet }) => snippet.page === page)
      problems.push(...(await runPage(runner, modulesOfPage)))
    }
  }
  await Promise.all([lane(), lane()])
  return problems
}
