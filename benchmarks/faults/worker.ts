import { contenders } from './contenders.js'
import { rows, type Services, usualLimits, type Verdict } from './rows.js'

/** What the parent asks for: one row. */
export interface Order {
  readonly row: number
  readonly services: Services
}

const [name = ''] = process.argv.slice(2)
const open = contenders[name]
if (open === undefined) throw new Error(`no such client: ${name}`)

// What nobody caught would end a service; here it is a verdict.
let uncaught: unknown
process.on('uncaughtException', (error) => {
  uncaught = error
})
process.on('warning', () => undefined)

process.on('message', async ({ row, services }: Order) => {
  uncaught = undefined
  const verdict = await judge(row, services)
  const what = `${verdict.what}, and an uncaught ${String(uncaught)}`
  process.send?.(uncaught === undefined ? verdict : { holds: false, what })
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')

async function judge(row: number, services: Services): Promise<Verdict> {
  const asked = rows[row]
  const client = await open?.(asked?.limits ?? usualLimits)
  if (client === undefined || asked === undefined) return { holds: undefined, what: '' }
  // The first call of a process takes its time, which is nobody's fault.
  await client.get(`${services.url}/well`).catch(() => undefined)
  return asked.judge(client, services)
}
