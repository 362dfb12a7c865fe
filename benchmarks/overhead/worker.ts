import { cases } from './cases.js'

/** What the parent asks for: that many calls, at most `inFlight` at once. */
export interface Slice {
  readonly calls: number
  readonly inFlight: number
}

/** What the worker answers. */
export interface SliceCost {
  /** Processor time of this process per call, user and system, in microseconds. */
  readonly cpuUs: number
}

const [name = '', baseUrl = ''] = process.argv.slice(2)
const makeCall = cases[name]
if (makeCall === undefined) throw new Error(`no such case: ${name}`)
const call = await makeCall(baseUrl)

process.on('message', async ({ calls, inFlight }: Slice) => {
  let left = calls
  const before = process.cpuUsage()
  const loops = Array.from({ length: inFlight }, async () => {
    while (left-- > 0) await call()
  })
  await Promise.all(loops)
  const { user, system } = process.cpuUsage(before)
  const cost: SliceCost = { cpuUs: (user + system) / calls }
  process.send?.(cost)
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
