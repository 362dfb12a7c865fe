import { get } from 'node:http'
import { Pool } from 'undici'
import type { ChildService } from './child-service.js'

/** What became of one request, as its caller saw it. */
export interface LoadOutcome {
  readonly id: string
  /** 0 without an answer. */
  readonly status: number
  readonly text: string
  /** Why there was none. */
  readonly error: string | undefined
}

/** Callers that ask again and again. */
export interface Load {
  readonly outcomes: readonly LoadOutcome[]
  /** Resolves once there are so many outcomes. */
  reaches(count: number): Promise<void>
  /** All callers have given up, each after its first request without an answer. */
  readonly ended: Promise<unknown>
}

const callersOfEachKind = 8
const workMs = 3

/** Callers on keep-alive connections and callers that open one for each request, until nobody answers. */
export function loadOn({ url, port }: ChildService): Load {
  const outcomes: LoadOutcome[] = []
  const pool = new Pool(url, { connections: callersOfEachKind })
  const kept = (id: string) => onPool(pool, id)
  const fresh = (id: string) => onNewConnection(port, id)
  let sent = 0
  const caller = async (ask: (id: string) => Promise<LoadOutcome>): Promise<void> => {
    for (;;) {
      const outcome = await ask(`load-request-${sent++}`)
      outcomes.push(outcome)
      if (outcome.status === 0) return
    }
  }
  const callers = Array.from({ length: callersOfEachKind }, () => [caller(kept), caller(fresh)]).flat()
  const reaches = async (count: number): Promise<void> => {
    while (outcomes.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { outcomes, reaches, ended: Promise.all(callers).then(() => pool.destroy()) }
}

async function onPool(pool: Pool, id: string): Promise<LoadOutcome> {
  try {
    const headers = { 'x-correlation-id': id }
    const { statusCode, body } = await pool.request({ method: 'GET', path: `/work/${workMs}`, headers })
    return { id, status: statusCode, text: await body.text(), error: undefined }
  } catch (error) {
    return { id, status: 0, text: '', error: codeOf(error) }
  }
}

function onNewConnection(port: number, id: string): Promise<LoadOutcome> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve({ id, status: 0, text: '', error: codeOf(error) })
    const headers = { 'x-correlation-id': id }
    const path = `/work/${workMs}`
    get({ port, path, host: '127.0.0.1', agent: false, headers }, (response) => {
      const chunks: Buffer[] = []
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('error', fail)
        .once('end', () => {
          resolve({
            id,
            status: response.statusCode ?? 0,
            text: `${Buffer.concat(chunks)}`,
            error: undefined,
          })
        })
    }).once('error', fail)
  })
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error)
}
