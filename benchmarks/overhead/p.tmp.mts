import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createFetch } from '@holdfast/core'
const s = fork(new URL('server.ts', import.meta.url).pathname, [], { execArgv: ['--import','tsx','--no-warnings'] })
const [port] = await once(s, 'message') as any
const f = createFetch(); const u = `http://127.0.0.1:${port}/orders/42`
const run = async (n: number) => { await Promise.all(Array.from({length:32}, async()=>{ while(n-- > 0) await (await f(u)).json() })) }
await run(10000)
const c = process.cpuUsage(); await run(60000); const d = process.cpuUsage(c); console.log((d.user+d.system)/60000)
s.disconnect(); process.exit(0)
