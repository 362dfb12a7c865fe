import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ChildService, type ConformanceProgram, startChild } from './child-service.js'
import { type Load, loadOn } from './load.js'
import { received, until } from './stage.js'

/** One thing that every adapter must get right in a process of its own. */
export interface ProcessCase {
  readonly name: string
  run(program: ConformanceProgram): Promise<void>
}

/** Long enough for every check within it, also on a machine that is busy. */
const drainDelayMs = 2_000
const beforeTheSignal = 50
const upload = 'x'.repeat(20_000)

/**
 * What every adapter of a framework must get right when its process is told to end: signals, exit codes, and that no
 * request is lost under load. Each case starts the program anew.
 *
 * @example
 * ```ts
 * import { processConformance } from '@holdfast/core/testing'
 *
 * for (const { name } of processConformance) console.log(name)
 * ```
 */
export const processConformance: readonly ProcessCase[] = Object.freeze([
  {
    name: 'answers in full every request it has accepted when SIGTERM comes under load, and exits with 0',
    run: (program: ConformanceProgram) => onChild(program, { drainDelayMs }, losesNone),
  },
  {
    name: 'loses none either where nobody waits for the load balancer',
    run: (program: ConformanceProgram) => onChild(program, { drainDelayMs: 0 }, losesNoneAtOnce),
  },
  {
    name: 'exits at once on a second signal',
    run: (program: ConformanceProgram) => onChild(program, {}, exitsOnSecondSignal),
  },
])

interface Scene {
  readonly child: ChildService
  /** A connection to write bytes to. */
  open(): Promise<Socket>
}

async function onChild(
  program: ConformanceProgram,
  shutdown: object,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const child = await startChild(program, shutdown)
  const sockets: Socket[] = []
  try {
    await play({
      child,
      async open() {
        const socket = connect(child.port, '127.0.0.1')
        socket.on('error', () => {})
        sockets.push(socket)
        await once(socket, 'connect')
        return socket
      },
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await child.exited
  }
}

async function losesNone(scene: Scene): Promise<void> {
  const { child, open } = scene
  const held = await begun(scene, drainDelayMs + 1_500)
  child.kill('SIGTERM')
  await until('readiness has failed', async () => (await fetch(`${child.url}/readyz`)).status === 503)

  const late = await open()
  late.write(request('/work/1', 'late-request'))
  assert.match(await received(late), answered, 'on a new connection')
  held.kept.write(request('/work/1', 'late-on-kept'))
  assert.match(await received(held.kept), answered, 'on a connection that was kept alive')
  held.upload.write(upload.slice(upload.length / 2))

  await endsWell(child, held)
}

async function losesNoneAtOnce(scene: Scene): Promise<void> {
  const { child } = scene
  const held = await begun(scene, 1_000)
  child.kill('SIGTERM')
  await child.said('shutting down')
  held.upload.write(upload.slice(upload.length / 2))
  await endsWell(child, held)
}

async function exitsOnSecondSignal({ child, open }: Scene): Promise<void> {
  const socket = await open()
  socket.write(request('/work/60000', 'cut-off-request'))
  await child.said('accepted cut-off-request')
  child.kill('SIGTERM')
  await child.said('shutting down')
  // Another SIGTERM within a second would be the same one, sent to the whole process group.
  child.kill('SIGINT')
  assert.equal(await child.exited, 1)
  // Whatever else a shutdown does would have been logged, and takes longer than this case may.
  assert.match(child.lines.at(-1) ?? '', /second signal/)
}

/** Requests that are under way when the signal comes, and a connection that rests. */
interface Held {
  readonly load: Load
  readonly kept: Socket
  readonly upload: Socket
  /** Everything that each of them receives. */
  readonly answers: Readonly<Record<'slow' | 'streamed' | 'uploaded', Promise<string>>>
}

async function begun({ child, open }: Scene, slowMs: number): Promise<Held> {
  const [kept, slow, streamed, uploading] = [await open(), await open(), await open(), await open()]
  const load = loadOn(child)
  await load.reaches(beforeTheSignal)
  kept.write(request('/work/1', 'kept-request'))
  await once(kept, 'data')
  const answers = { slow: answerOn(slow), streamed: answerOn(streamed), uploaded: answerOn(uploading) }
  slow.write(request(`/work/${slowMs}`, 'slow-request'))
  streamed.write(request('/stream', 'streamed-request'))
  uploading.write(`${uploadHead}${upload.slice(0, upload.length / 2)}`)
  for (const id of ['slow-request', 'streamed-request', 'uploaded-request']) {
    await child.said(`accepted ${id}`)
  }
  return { load, kept, upload: uploading, answers }
}

/** A connection that breaks matters to who looks at its answer, not before. */
function answerOn(socket: Socket): Promise<string> {
  const answer = received(socket)
  answer.catch(() => {})
  return answer
}

async function endsWell(child: ChildService, { answers, load }: Held): Promise<void> {
  assert.match(await answers.slow, answered)
  assert.match(await answers.streamed, /^HTTP\/1\.1 200 [\s\S]*the end\r\n0\r\n\r\n$/)
  assert.match(await answers.uploaded, new RegExp(`^HTTP/1\\.1 200 [\\s\\S]*"length":${upload.length}`))
  await load.ended
  assert.equal(await child.exited, 0, child.lines.slice(-20).join('\n'))
  assert.match(await child.said('shutdown: done'), /"clean":true/)
  lostNone(child, load)
}

/** Each request that has reached the server has reached its end; what did not was refused or reset unread. */
function lostNone({ lines }: ChildService, { outcomes }: Load): void {
  const accepted = new Set(lines.flatMap((line) => /^accepted (load-.*)$/.exec(line)?.[1] ?? []))
  const whole = outcomes.filter(({ status, text }) => status === 200 && text === '{"done":"3"}')
  const unanswered = outcomes.filter((outcome) => !whole.includes(outcome))
  assert.deepEqual(
    unanswered.filter(({ id, status }) => accepted.has(id) || status !== 0),
    [],
  )
  assert.equal(accepted.size, whole.length)
  assert.ok(whole.length >= beforeTheSignal)
  for (const { error } of unanswered)
    assert.match(String(error), /^(ECONNREFUSED|ECONNRESET|EPIPE|UND_ERR_SOCKET)$/)
}

const answered = /^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n[\s\S]*"done":"\d+"/i

function request(path: string, id: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: a\r\nx-correlation-id: ${id}\r\n\r\n`
}

const uploadHead = [
  'POST /upload HTTP/1.1',
  'host: a',
  'x-correlation-id: uploaded-request',
  'content-type: application/octet-stream',
  `content-length: ${upload.length}`,
  '\r\n',
].join('\r\n')
