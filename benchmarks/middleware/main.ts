import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { frameworks } from './applications.js'
import type { Load } from './worker.js'

const options = {
  json: { type: 'string' },
  generations: { type: 'string', default: '3' },
  rounds: { type: 'string', default: '8' },
  requests: { type: 'string', default: '4000' },
} as const

/** Slices that a server answers before it is measured: the compiler is not done with the code before. */
const warmUp = 10

interface Contender {
  readonly framework: string
  readonly name: string
  readonly costs: number[]
}

interface Running {
  readonly contender: Contender
  readonly server: ChildProcess
  readonly port: number
}

interface Row {
  readonly framework: string
  readonly name: string
  readonly cpuUs: number
  readonly ratio: number
}

/**
 * The processor time of a server per request, as a ratio of the bare framework's, slices of all taking turns.
 *
 * Servers are started anew for each generation: what the compiler makes of the same code differs from one process to
 * the next by more than a middleware costs.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const load = start('worker.ts', [])
  await once(load, 'message')
  const contenders = Object.entries(frameworks).flatMap(([framework, applications]) =>
    Object.keys(applications).map((name): Contender => ({ framework, name, costs: [] })),
  )
  for (let generation = 0; generation < Number(values.generations); generation++) {
    await compete(contenders, load, { rounds: Number(values.rounds), requests: Number(values.requests) })
  }
  const rows = toRows(contenders)
  print(rows)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ cases: rows }, undefined, 2)}\n`)
  }
  load.disconnect()
}

async function compete(
  contenders: readonly Contender[],
  load: ChildProcess,
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<void> {
  const all: Running[] = []
  for (const contender of contenders) all.push(await enter(contender))
  for (const running of all) await slice(running, load, warmUp * requests)
  for (let round = 0; round < rounds; round++) {
    for (const running of all) running.contender.costs.push(await slice(running, load, requests))
  }
  for (const { server } of all) {
    server.kill()
    await once(server, 'exit')
  }
}

function start(file: string, args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--import', 'tsx', '--no-warnings'],
    env: { ...process.env, NODE_ENV: 'production' },
    // Log lines go to standard output, which keeps nothing.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function enter(contender: Contender): Promise<Running> {
  const server = start('server.ts', [contender.framework, contender.name])
  const [port] = (await once(server, 'message')) as [number]
  return { contender, server, port }
}

/** Microseconds of the server's processor time per request. */
async function slice({ port, server }: Running, load: ChildProcess, requests: number): Promise<number> {
  const before = await usage(server)
  load.send({ port, requests } satisfies Load)
  await once(load, 'message')
  return ((await usage(server)) - before) / requests
}

async function usage(server: ChildProcess): Promise<number> {
  server.send('usage')
  const [micros] = (await once(server, 'message')) as [number]
  return micros
}

/** Ratios are taken within a round, where the machine was the same for all, and their median over the rounds. */
function toRows(contenders: readonly Contender[]): Row[] {
  return contenders.map(({ framework, name, costs }) => {
    const bare = contenders.find((contender) => contender.framework === framework)
    const ratios = costs.map((cost, index) => cost / (bare?.costs[index] ?? Number.NaN))
    return { framework, name, cpuUs: round(median(costs), 1), ratio: round(median(ratios), 3) }
  })
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function print(rows: readonly Row[]): void {
  console.log(`server CPU per GET of a JSON route, Node ${process.versions.node}\n`)
  console.log(`${'application'.padEnd(58)}${'us a request'.padStart(13)}${'ratio'.padStart(8)}`)
  for (const { framework, name, cpuUs, ratio } of rows) {
    console.log(
      `${`${framework}, ${name}`.padEnd(58)}${cpuUs.toFixed(1).padStart(13)}${ratio.toFixed(2).padStart(8)}`,
    )
  }
}

await main()
