import { createClient, defineContract, createFetch, isHoldfastError, undiciInterceptor } from '@holdfast/core'
import net from 'node:net'
import zlib from 'node:zlib'
import { Agent, request } from 'undici'
process.on('unhandledRejection', e=>console.log('UNHANDLED',e)); process.on('uncaughtException', e=>console.log('UNCAUGHT',e))
const sleep=(ms:number)=>new Promise(r=>setTimeout(r,ms))
let script:(s:net.Socket)=>void=()=>{}
const socks=new Set<net.Socket>()
const s=net.createServer(k=>{socks.add(k);k.on('close',()=>socks.delete(k));k.on('error',()=>{});k.on('data',()=>script(k))}).listen(0,'127.0.0.1'); await new Promise(r=>s.once('listening',r))
const url=`http://127.0.0.1:${(s.address() as any).port}`
const ct=defineContract('x',{get:{method:'GET',path:'/'},text:{method:'GET',path:'/t',response:'text'},none:{method:'GET',path:'/n',response:'none'},stream:{method:'GET',path:'/s',response:'stream'},head:{method:'HEAD',path:'/h'},post:{method:'POST',path:'/p',input:{'~standard':{version:1,vendor:'x',validate:(v:any)=>({value:v})}} as any}})
const gz=zlib.gzipSync('{"a":1}')
const H=(h:string,b:Buffer|string='')=>Buffer.concat([Buffer.from('HTTP/1.1 '+h.replace(/\n/g,'\r\n')+'\r\n\r\n'),Buffer.from(b as any)])
const cases:Record<string,(k:net.Socket)=>void>={
 'hdr constructor/proto/toString dup':k=>k.write(H('200 OK\nconstructor: 1\nconstructor: 2\n__proto__: x\n__proto__: y\ntoString: z\nhasOwnProperty: a\nlocation: x\ncontent-length: 2\ncontent-type: application/json','{}')),
 'json proto':k=>{const b='{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}';k.write(H(`200 OK\ncontent-type: application/json\ncontent-length: ${b.length}`,b))},
 'status 600':k=>k.write(H('600 X\ncontent-length: 2','{}')),
 'status 199':k=>k.write(H('199 X\ncontent-length: 2','{}')),
 'status 000':k=>k.write(H('000 X\ncontent-length: 2','{}')),
 '100 flood':k=>{for(let i=0;i<1000;i++)k.write(H('100 Continue'));k.write(H('200 OK\ncontent-length: 2','{}'))},
 '103 then 200':k=>{k.write(H('103 Early Hints\nlink: x'));k.write(H('200 OK\ncontent-length: 2','{}'))},
 '101':k=>k.write(H('101 Switching\nupgrade: websocket\nconnection: upgrade')),
 '204 w/ gzip':k=>k.write(H('204 No\ncontent-encoding: gzip')),
 '200 gzip empty':k=>k.write(H('200 OK\ncontent-encoding: gzip\ncontent-length: 0')),
 'gzip ok':k=>k.write(H(`200 OK\ncontent-encoding: gzip\ncontent-length: ${gz.length}`,gz)),
 'gzip trailing':k=>k.write(H(`200 OK\ncontent-encoding: gzip\ncontent-length: ${gz.length+3}`,Buffer.concat([gz,Buffer.from('abc')]))),
 'gzip truncated':k=>k.write(H(`200 OK\ncontent-encoding: gzip\ncontent-length: ${gz.length-4}`,gz.subarray(0,-4))),
 'gzip identity':k=>k.write(H(`200 OK\ncontent-encoding: gzip\ncontent-length: 2`,'{}')),
 'gzip x4':k=>{let b=gz;for(let i=0;i<3;i++)b=zlib.gzipSync(b);k.write(H(`200 OK\ncontent-encoding: gzip, gzip, gzip, gzip\ncontent-length: ${b.length}`,b))},
 'unknown coding':k=>k.write(H(`200 OK\ncontent-encoding: constructor\ncontent-length: 2`,'{}')),
 'coding ;q':k=>k.write(H(`200 OK\ncontent-encoding: ;\ncontent-length: 2`,'{}')),
 'zip bomb 100MB':k=>{const b=(globalThis as any).bomb??=zlib.gzipSync(Buffer.alloc(100e6));k.write(H(`200 OK\ncontent-encoding: gzip\ncontent-length: ${b.length}`,b))},
 'CL huge':k=>k.write(H(`200 OK\ncontent-length: 99999999999999999999`,'{}')),
 'CL neg':k=>k.write(H(`200 OK\ncontent-length: -1`,'{}')),
 'CL dup':k=>k.write(H(`200 OK\ncontent-length: 2\ncontent-length: 2`,'{}')),
 'CL+TE':k=>k.write(H(`200 OK\ncontent-length: 2\ntransfer-encoding: chunked`,'2\r\n{}\r\n0\r\n\r\n')),
 'two responses':k=>k.write(Buffer.concat([H(`200 OK\ncontent-length: 2`,'{}'),H(`200 OK\ncontent-length: 7`,'"EVIL!"')])),
 'chunked trailers proto':k=>k.write(H(`200 OK\ntransfer-encoding: chunked`,'2\r\n{}\r\n0\r\n__proto__: x\r\nconstructor: y\r\n\r\n')),
 'no CL FIN':k=>{k.end(H(`200 OK\nconnection: close`,'{}'))},
 '503 retry-after 0':k=>k.write(H('503 X\nretry-after: 0\ncontent-length: 2','{}')),
 '503 retry-after dup':k=>k.write(H('503 X\nretry-after: 0\nretry-after: 999999\ncontent-length: 2','{}')),
 '503 huge body':k=>{k.write(H('503 X\ncontent-length: 20000000'));},
 '500 endless':k=>{k.write(H('500 X\ntransfer-encoding: chunked'));const i=setInterval(()=>{if(k.destroyed)return clearInterval(i);k.write('10\r\n0123456789abcdef\r\n')},5);k.once('close',()=>clearInterval(i))},
 '401':k=>k.write(H('401 X\ncontent-length: 2','{}')),
 '304':k=>k.write(H('304 X\ncontent-length: 20')),
 '205 body':k=>k.write(H('205 X\ncontent-length: 2','{}')),
 'latin1 header':k=>k.write(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nx-a: '),Buffer.from([0xff,0xfe,0x80]),Buffer.from('\r\ncontent-length: 2\r\n\r\n{}')])),
 'ct weird charset':k=>k.write(H('200 OK\ncontent-type: text/plain; charset=constructor\ncontent-length: 2','{}')),
}
const c:any=createClient(ct,{baseUrl:url,timeoutMs:700,attemptTimeoutMs:400,circuitBreaker:false,retry:{baseMs:1,maxMs:2}})
const f=createFetch({timeoutMs:700,attemptTimeoutMs:400,circuitBreaker:false,retry:{baseMs:1,maxMs:2}})
const ag=new Agent().compose(undiciInterceptor({timeoutMs:700,attemptTimeoutMs:400,idleTimeoutMs:400,circuitBreaker:false,retry:{baseMs:1,maxMs:2}}))
async function t(label:string,fn:()=>Promise<any>){const st=performance.now();const r=await Promise.race([fn().then(v=>'OK '+String(JSON.stringify(v)??'undefined').slice(0,60),(e:any)=>`${isHoldfastError(e)?'':'NOTHF '}${e?.code??e?.name} ${e?.phase} a${e?.attempts} ${String(e?.message).slice(0,70)}`),sleep(2500).then(()=>'HANG')]);return `${label}: ${r} ${Math.round(performance.now()-st)}ms`}
for(const [name,fn] of Object.entries(cases)){script=fn
 const out=await Promise.all([t('get',()=>c.get()),t('none',()=>c.none()),t('head',()=>c.head()),t('stream',async()=>{const st=await c.stream();let n=0;for await(const x of st)n+=x.length;return n}),t('fetch',async()=>(await f(url)).text()),t('intc',async()=>{const r=await request(url,{dispatcher:ag});return r.statusCode+(await r.body.text()).slice(0,40)})])
 await sleep(30)
 const st=c.$stats(),fs=f.$stats().origins[0]
 console.log('##',name,'inflight',st.inFlight,fs?.inFlight,'running',st.endpoints[0].connections?.running);for(const o of out)console.log('   ',o)}
console.log('polluted',({} as any).polluted)
const st=performance.now();await Promise.race([Promise.all([c.$close(),f.$close(),ag.destroy()]),sleep(3000).then(()=>console.log('CLOSE HANG'))]);console.log('closed',Math.round(performance.now()-st));
for(const k of socks)k.destroy();s.close()
