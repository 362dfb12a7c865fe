import { holdfastArm } from '../arms/holdfast/holdfast-arm.js'
import { plainArm } from '../arms/plain/plain-arm.js'
import type { SettledCall } from './record.js'
import { Side } from './side.js'
import type { ArmKey, FromSide, ToSide } from './side-messages.js'

// The process of one side: its three services and the calls that they are sent.

const arms = { plain: plainArm, holdfast: holdfastArm }
const reportEveryMs = 200

let side: Side | undefined

process.on('message', (message: ToSide) => {
  if (message.type === 'start') void start(message.arm, message.seed)
  else if (message.type === 'run') void run(message.phases)
  else void stop()
})
process.once('disconnect', () => process.exit())
// A terminal sends Ctrl-C to every process of the demo. The one that started this one decides what comes of it.
process.on('SIGINT', () => {})

async function start(arm: ArmKey, seed: number): Promise<void> {
  side = await Side.start(arms[arm], seed)
  await side.warmUp()
  tell({ type: 'ready', name: side.running.name, urls: side.running.urls })
}

async function run(phases: Parameters<Side['run']>[0]): Promise<void> {
  let settled: SettledCall[] = []
  const report = () => {
    tell({ type: 'settled', calls: settled })
    settled = []
  }
  const timer = setInterval(report, reportEveryMs)
  const record = await side?.run(phases, (call) => settled.push(call))
  clearInterval(timer)
  report()
  if (record !== undefined) tell({ type: 'done', record })
}

async function stop(): Promise<void> {
  await side?.[Symbol.asyncDispose]()
  process.disconnect()
}

function tell(message: FromSide): void {
  process.send?.(message)
}
