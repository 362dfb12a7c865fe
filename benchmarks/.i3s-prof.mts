import inspector from 'node:inspector/promises'
import fs from 'node:fs'
import { frameworks } from './middleware/applications.js'
const [fw,name,out]=process.argv.slice(2)
const port = await frameworks[fw!]![name!]!()
const s=new inspector.Session();s.connect();await s.post('Profiler.enable');await s.post('Profiler.setSamplingInterval',{interval:200})
process.on('message', async (m:string)=>{ if(m==='start'){await s.post('Profiler.start');process.send!('ok')} else {const {profile}=await s.post('Profiler.stop') as any;fs.writeFileSync(out!,JSON.stringify(profile));process.send!('ok')}})
process.send!(port)
