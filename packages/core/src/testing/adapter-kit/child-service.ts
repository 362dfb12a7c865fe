import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program that the suite starts as a process of its own. */
export interface ConformanceProgram {
  /** The framework and its version. */
  readonly name: string
  /** ES module code that declares `adapter`, a `ConformanceAdapter`. */
  readonly code: string
  /** The directory from which `code` and `@holdfast/core` are resolved. */
  readonly cwd: string
  /**
   * Further arguments of Node.js, such as what loads TypeScript.
   * @default none
   */
  readonly nodeArgs?: readonly string[]
}

/** A service in a process of its own. */
export interface ChildService {
  readonly url: string
  readonly port: number
  /** What it has written so far: log lines, `accepted <id>` for each request that has reached it. */
  readonly lines: readonly string[]
  /** The exit code, once all of its output has been read; `null` when a signal has killed it. */
  readonly exited: Promise<number | null>
  kill(signal: NodeJS.Signals): void
  /** Resolves with the first line that has `text` in it. Rejects when the process ends without one. */
  said(text: string): Promise<string>
}

/**
 * The service of the process cases. A request is accepted when the server has read its head; that is written at once,
 * since a process that ends would take with it what is buffered. Nothing here touches `process.stdout`, which would
 * make the pipe non-blocking and `writeSync` fail when it is full.
 */
const serviceCode = `
import { writeSync } from 'node:fs'
import { setTimeout as sleepOfChild } from 'node:timers/promises'
import { createService as createChildService, createLogger as createChildLogger } from '@holdfast/core'

const textOf = async (request) => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
const childRoutes = [
  { method: 'GET', path: '/work/:ms', handle: async ({ params }) => {
    await sleepOfChild(Number(params.ms))
    return { done: params.ms }
  } },
  { method: 'POST', path: '/upload', handle: async ({ request }) => ({ length: (await textOf(request)).length }) },
  { method: 'GET', path: '/stream', handle: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const pieces = async () => {
      for (let piece = 0; piece < 40; piece++) {
        response.write('x'.repeat(100))
        await sleepOfChild(50)
      }
      response.end('the end')
    }
    void pieces()
    return undefined
  } },
]
const childService = createChildService({
  name: 'child',
  logger: createChildLogger({ name: 'child', pretty: false, destination: { write: (line) => writeSync(1, line) } }),
  shutdown: JSON.parse(process.env.HOLDFAST_SHUTDOWN),
})
const { port: childPort, server: childServer } = await adapter.start(childService, childRoutes)
childServer.prependListener('request', ({ headers }) => {
  const id = headers['x-correlation-id']
  if (id !== undefined) writeSync(1, 'accepted ' + id + '\\n')
})
writeSync(1, 'port ' + childPort + '\\n')
`

/** Starts a service with the routes `/work/:ms`, `/upload` and `/stream`. Kill it when done. */
export async function startChild(
  { code, cwd, nodeArgs = [] }: ConformanceProgram,
  shutdown: object,
): Promise<ChildService> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, '--input-type=module', '--eval', code + serviceCode],
    // Standard output is a pipe, which the child writes to while it waits: it must be read all the time.
    {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, HOLDFAST_SHUTDOWN: JSON.stringify(shutdown) },
    },
  )
  const output = follow(child)
  const said = await output.said('port ')
  const port = Number(said.slice('port '.length))
  return { ...output, port, url: `http://127.0.0.1:${port}`, kill: (signal) => void child.kill(signal) }
}

function follow(child: ChildProcess): Pick<ChildService, 'lines' | 'said' | 'exited'> {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  let closed = false
  // 'close' comes after the last of the output, 'exit' may come before it.
  const exited = once(child, 'close').then(([code]) => {
    closed = true
    wake()
    return code as number | null
  })
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      wake()
    })
  }
  const said = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const line = lines.find((candidate) => candidate.includes(text))
        if (line === undefined && !closed) return
        waiting.delete(check)
        if (line !== undefined) resolve(line)
        else reject(new Error(`the process ended without saying '${text}':\n${lines.join('\n')}`))
      }
      waiting.add(check)
      check()
    })
  return { lines, said, exited }
}
