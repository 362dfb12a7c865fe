import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cases } from './cases.js'
import type { Slice, SliceCost } from './worker.js'

const inFlight = 32
const sliceMs = 250
const options = {
  json: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string', default: '15' },
} as const

interface Contender {
  readonly name: string
  readonly worker: ChildProcess
  /** So many calls that a slice takes about `sliceMs` of processor time. */
  calls: number
  readonly costs: number[]
}

/** The processor time of each client per call, each in a process of its own, slices of all of them taking turns. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  const server = start('server.ts', [])
  const [port] = (await once(server, 'message')) as [number]
  const names = Object.keys(cases).filter(
    (name, index) => index === 0 || values.only === undefined || values.only.split(',').includes(name),
  )
  const contenders: Contender[] = []
  for (const name of names) contenders.push(await enter(name, `http://127.0.0.1:${port}`))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const contender of contenders) contender.costs.push(await slice(contender.worker, contender.calls))
  }
  const rows = toRows(contenders)
  print(rows)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ cases: rows }, undefined, 2)}\n`)
  }
  for (const { worker } of contenders) worker.disconnect()
  server.disconnect()
}

function start(file: string, args: string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--import', 'tsx', '--no-warnings'],
  })
  child.once('exit', (code) => {
    if (code) throw new Error(`${file} ${args.join(' ')} ended with ${code}`)
  })
  return child
}

/** Starts a client and warms it up until its code is compiled. */
async function enter(name: string, baseUrl: string): Promise<Contender> {
  const worker = start('worker.ts', [name, baseUrl])
  await once(worker, 'message')
  await slice(worker, 2_000)
  const cpuUs = await slice(worker, 4_000)
  const calls = Math.max(500, Math.round((sliceMs * 1_000) / cpuUs))
  await slice(worker, calls)
  return { name, worker, calls, costs: [] }
}

async function slice(worker: ChildProcess, calls: number): Promise<number> {
  worker.send({ calls, inFlight } satisfies Slice)
  const [{ cpuUs }] = (await once(worker, 'message')) as [SliceCost]
  return cpuUs
}

interface Row {
  readonly name: string
  readonly cpuUs: number
  readonly ratio: number
}

/** Ratios are taken within a round, where the machine was the same for all, and their median over the rounds. */
function toRows(contenders: readonly Contender[]): Row[] {
  const [baseline] = contenders
  return contenders.map(({ name, costs }) => ({
    name,
    cpuUs: round(median(costs), 1),
    ratio: round(median(costs.map((cost, index) => cost / (baseline?.costs[index] ?? Number.NaN))), 3),
  }))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function print(rows: readonly Row[]): void {
  console.log(`CPU per GET of 80 bytes of JSON, ${inFlight} in flight, Node ${process.versions.node}\n`)
  console.log(`${'client'.padEnd(32)}${'us a call'.padStart(10)}${'ratio'.padStart(8)}`)
  for (const { name, cpuUs, ratio } of rows) {
    console.log(`${name.padEnd(32)}${cpuUs.toFixed(1).padStart(10)}${ratio.toFixed(2).padStart(8)}`)
  }
}

await main()
