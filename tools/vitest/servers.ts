import { connect } from 'node:net'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'

/** The servers some tests need, where they are expected, and whether they answered when the run began. */
const addresses = {
  redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
} as const

/** A server that tests may need: `describe.skipIf(!inject('servers').redis)('... [needs Redis]', ...)`. */
export type Servers = { readonly [Name in keyof typeof addresses]: string | undefined }

declare module 'vitest' {
  export interface ProvidedContext {
    servers: Servers
  }
}

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 })
    const settle = (reachable: boolean) => {
      socket.destroy()
      resolve(reachable)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('timeout', () => settle(false))
  })

export default async function setup(project: TestProject): Promise<void> {
  const redis = (await answers(addresses.redis)) ? addresses.redis : undefined
  project.provide('servers', { redis })
}
