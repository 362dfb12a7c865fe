import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contenders } from './contenders.js'
import { rows, type Services, type Verdict } from './rows.js'
import { openService } from './service.js'
import type { Order } from './worker.js'

/** A row that takes longer has not been judged by its own limits, because the process is stuck. */
const hardLimitMs = 8_000
const parallel = 2

const { values } = parseArgs({
  options: { markdown: { type: 'boolean', default: false }, only: { type: 'string' } },
})

/** One client in a process of its own, which is replaced when it has got stuck. */
class Judge {
  readonly #name: string
  #worker: ChildProcess | undefined = undefined

  constructor(name: string) {
    this.#name = name
  }

  async judge(row: number, services: Services): Promise<Verdict> {
    const worker = this.#worker ?? (await this.#start())
    const done = new AbortController()
    const { signal } = done
    const ended = (what: string): Verdict => ({ holds: false, what })
    const outcomes = [
      once(worker, 'message', { signal }).then(([verdict]) => verdict as Verdict),
      once(worker, 'exit', { signal }).then(() => ended('the process ends')),
      sleep(hardLimitMs, ended('the process is stuck'), { signal }),
    ]
    worker.send({ row, services } satisfies Order)
    const verdict = await Promise.race(outcomes)
    done.abort()
    await Promise.allSettled(outcomes)
    // What a row has left behind, such as a body that still arrives, must not weigh on the next.
    if (verdict.holds === false || isHeavy(row) || isHeavy(row + 1)) this.stop()
    return verdict
  }

  stop(): void {
    this.#worker?.kill('SIGKILL')
    this.#worker = undefined
  }

  async #start(): Promise<ChildProcess> {
    const file = fileURLToPath(new URL('worker.ts', import.meta.url))
    this.#worker = fork(file, [this.#name], {
      execArgv: ['--no-warnings', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await once(this.#worker, 'message')
    return this.#worker
  }
}

/** Where memory is looked at, which must be that of this row alone. */
const isHeavy = (row: number): boolean => rows[row]?.fault === 7

type Table = ReadonlyMap<string, readonly Verdict[]>

async function judgeAll(names: readonly string[]): Promise<Table> {
  const table = new Map<string, Verdict[]>(names.map((name) => [name, []]))
  const queue = names.values()
  const lane = async () => {
    for (const name of queue) {
      await using service = await openService()
      const judge = new Judge(name)
      for (const [index] of rows.entries()) {
        const verdict = await judge.judge(index, { url: service.url, recovering: service.url })
        table.get(name)?.push(verdict)
        service.dropConnections()
      }
      judge.stop()
    }
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  return table
}

const marks = (verdict: Verdict | undefined): string => {
  if (verdict === undefined || verdict.holds === undefined) return '-'
  return verdict.holds ? 'holds' : `fails: ${verdict.what}`
}

function printMarkdown(table: Table): void {
  const names = [...table.keys()]
  const line = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  line(['#', 'fault', ...names])
  line(['---', '---', ...names.map(() => '---')])
  for (const [index, { fault, title }] of rows.entries()) {
    const cells = names.map((name) =>
      marks(table.get(name)?.[index]).replaceAll('|', '\\|').replaceAll('<', '&lt;'),
    )
    line([String(fault), title, ...cells])
  }
}

function printText(table: Table): void {
  for (const [index, { fault, title }] of rows.entries()) {
    console.log(`\n${fault}. ${title}`)
    for (const [name, verdicts] of table) {
      const verdict = verdicts[index]
      const what =
        verdict?.holds === true ? `holds  ${verdict.what}` : marks(verdict).replace('fails:', 'FAILS ')
      console.log(`   ${name.padEnd(22)}${what}`)
    }
  }
}

const names = Object.keys(contenders).filter(
  (name) => values.only === undefined || values.only.split(',').includes(name),
)
const table = await judgeAll(names)
if (values.markdown) printMarkdown(table)
else printText(table)
