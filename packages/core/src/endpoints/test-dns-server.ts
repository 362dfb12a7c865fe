import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A record that the server answers with. */
export type TestRecord =
  | { readonly type: 'A'; readonly address: string; readonly ttl: number }
  | {
      readonly type: 'SRV'
      readonly target: string
      readonly port: number
      readonly weight: number
      readonly priority: number
    }

/** A name server on the loopback interface that knows what a test tells it. */
export interface TestDnsServer {
  /** For `servers`. */
  readonly address: string
  /** The names that it was asked for. */
  readonly asked: string[]
  /** What it answers with; an empty list says that there is no such name, `undefined` that it stays silent. */
  answer: readonly TestRecord[] | undefined
  close(): Promise<void>
}

const types = { A: 1, SRV: 33 } as const

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ])
}

function encodeRecord(record: TestRecord): Buffer {
  const data =
    record.type === 'A'
      ? Buffer.from(record.address.split('.').map(Number))
      : Buffer.concat([uint16(record.priority, record.weight, record.port), encodeName(record.target)])
  const ttl = record.type === 'A' ? record.ttl : 30
  // 0xc00c points back at the name in the question.
  return Buffer.concat([uint16(0xc00c, types[record.type], 1, ttl >> 16, ttl & 0xffff, data.length), data])
}

function uint16(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => {
    buffer.writeUInt16BE(value, index * 2)
  })
  return buffer
}

/** Where the question ends, and what name it asks for. */
function readQuestion(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 5 }
}

/** Starts a name server. */
export async function startDnsServer(answer: readonly TestRecord[] | undefined): Promise<TestDnsServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, from) => {
    const { name, end } = readQuestion(query)
    asked.push(name)
    const records = server.answer
    if (records === undefined) return
    const flags = records.length === 0 ? 0x8183 : 0x8180
    const header = Buffer.concat([query.subarray(0, 2), uint16(flags, 1, records.length, 0, 0)])
    socket.send(
      Buffer.concat([header, query.subarray(12, end), ...records.map(encodeRecord)]),
      from.port,
      from.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const server: TestDnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    answer,
    async close() {
      socket.close()
      await once(socket, 'close')
    },
  }
  return server
}
