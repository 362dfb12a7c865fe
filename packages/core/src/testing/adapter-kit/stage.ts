import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  createService,
  type Listening,
  type Service,
  type ServiceOptions,
} from '../../service/service/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import type { ConformanceAdapter, ConformanceRoute } from './conformance-adapter.js'

/** A log line, parsed. */
export type LogLine = Readonly<Record<string, unknown>>

/** A running application, and what can be seen of it. */
export interface Stage {
  readonly service: Service
  readonly listening: Listening
  readonly lines: readonly LogLine[]
  get(path: string, init?: RequestInit): Promise<Response>
  /** The lines of requests, once there are so many. */
  requestLines(count: number): Promise<readonly LogLine[]>
  /** The samples of a scrape, by name and labels. */
  samples(): Promise<ReadonlyMap<string, number>>
  /** A connection to write bytes to. */
  connect(): Socket
}

const patienceMs = 8_000

/** Starts an application for one case, and stops it. */
export async function onStage(
  adapter: ConformanceAdapter,
  routes: readonly ConformanceRoute[],
  play: (stage: Stage) => Promise<void>,
  options: Partial<ServiceOptions> = {},
): Promise<void> {
  const lines: LogLine[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as LogLine) }
  const logger = createLogger({ name: 'conformance', destination, level: 'debug', pretty: false })
  const service = createService({ name: 'conformance', logger, signals: false, ...options }) as Service
  const sockets: Socket[] = []
  try {
    const listening = await adapter.start(service, routes)
    await play({
      service,
      listening,
      lines,
      get: (path, init) => fetch(listening.url + path, init),
      requestLines: (count) => untilRequests(lines, count),
      samples: async () => samplesOf(await scrape(listening)),
      connect() {
        const socket = connect(listening.port, '127.0.0.1')
        socket.on('error', () => {})
        sockets.push(socket)
        return socket
      },
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    await service.shutdown()
  }
}

/** Waits until `check` holds; fails when it does not within eight seconds. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + patienceMs
  while (!(await check())) {
    assert.ok(performance.now() < endsAt, `${what}, within ${patienceMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Everything that a connection receives until it ends. */
export function received(socket: Socket): Promise<string> {
  return text(socket)
}

async function untilRequests(lines: readonly LogLine[], count: number): Promise<readonly LogLine[]> {
  const requests = () => lines.filter(({ msg }) => msg === 'request')
  await until(`${count} request lines`, () => requests().length >= count)
  return requests()
}

async function scrape({ managementUrl, url }: Listening): Promise<string> {
  const response = await fetch(`${managementUrl ?? url}/metrics`)
  assert.equal(response.status, 200)
  return response.text()
}

function samplesOf(exposition: string): ReadonlyMap<string, number> {
  const samples = exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))] as const
    })
  return new Map(samples)
}

/** The name of a sample of the request histogram. */
export function counted(method: string, route: string, status: number): string {
  return `http_request_duration_seconds_count{method="${method}",route="${route}",status_code="${status}"}`
}
