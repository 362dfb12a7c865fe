import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createService } from '@holdfast/core'
import { seededRandom } from '@holdfast/core/testing'
import { variantOf } from './jobs/job.js'
import { serve } from './model/behaviour.js'
import { type Incoming, QueueingServer } from './model/queueing-server.js'
import { asReal, type DependencySpec } from './model/scenario.js'
import { realTimeline } from './model/timeline.js'
import type { ServerOrder, ServerPlaces, ServerReport } from './real/server-messages.js'

const [id = '', variantName = '', seed = ''] = process.argv.slice(2)
const variant = asReal(variantOf({ id, variant: variantName }))
const eventAtMs = variant.timing.warmUpMs
let timeline = realTimeline()
const clock: typeof timeline = { now: () => timeline.now(), at: (ms, run) => timeline.at(ms, run) }
const servers = new Map<string, QueueingServer[]>()

async function listen(name: string, spec: DependencySpec): Promise<string[]> {
  const urls: string[] = []
  const replicas: QueueingServer[] = []
  for (let replica = 0; replica < spec.replicas; replica++) {
    const server = new QueueingServer(clock, {
      replica,
      slots: spec.slots,
      meanMs: spec.meanMs,
      eventAtMs,
      behave: spec.behave ?? (() => serve),
      random: seededRandom(`${seed} ${name} ${replica}`),
    })
    replicas.push(server)
    const answer: RequestListener = (request, response) => server.receive(incomingOf(request, response))
    urls.push(await (spec.hasAdmission ? listenWithAdmission(answer) : listenBare(answer)))
  }
  servers.set(name, replicas)
  return urls
}

async function listenBare(answer: RequestListener): Promise<string> {
  const listener = createServer(answer)
  listener.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(listener, 'listening')
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

/** Holdfast's server with its defaults, its admission turned on. */
async function listenWithAdmission(answer: RequestListener): Promise<string> {
  const service = createService({ name: 'dependency', admission: true, logLevel: 'silent', signals: false })
  return (await service.listen(answer, { port: 0, host: '127.0.0.1' })).url
}

function incomingOf(request: IncomingMessage, response: ServerResponse): Incoming {
  return {
    path: request.url ?? '/',
    headers: {},
    respond: (status) => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': '2' }).end('{}')
    },
    refuse: () => request.socket.destroy(),
    onGone: () => {},
  }
}

function begin(): void {
  timeline = realTimeline()
  for (const [name, { slotSteps = [] }] of Object.entries(variant.dependencies)) {
    for (const { eventMs, slots } of slotSteps) {
      timeline.at(eventAtMs + eventMs, () => {
        for (const server of servers.get(name) ?? []) server.slots = slots
      })
    }
  }
}

process.on('message', (order: ServerOrder) => {
  if (order === 'begin') return begin()
  const report: ServerReport = Object.fromEntries(
    [...servers].map(([name, replicas]) => [
      name,
      replicas.map(({ arrivalsMs, served }) => ({ arrivalsMs, served })),
    ]),
  )
  process.send?.(report)
})
process.on('disconnect', () => process.exit(0))

const places: Record<string, string[]> = {}
for (const [name, spec] of Object.entries(variant.dependencies)) places[name] = await listen(name, spec)
process.send?.(places satisfies ServerPlaces)
