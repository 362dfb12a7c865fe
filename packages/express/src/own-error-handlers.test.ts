import type { Service } from '@holdfast/core'
import express, { type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { holdfast } from './index.js'
import type { ExpressModule } from './test-app.js'
import { quiet } from './test-routes.js'

let service: Service

afterEach(() => service.shutdown())

const answer = (_error: unknown, _request: Request, response: Response, _next: NextFunction) =>
  void response.status(500).json({ message: 'sorry' })

async function errorOf(
  build: (app: ReturnType<ExpressModule>) => void,
  version: ExpressModule,
): Promise<unknown> {
  const lines: Record<string, unknown>[] = []
  service = quiet(lines)
  const app = version()
  app.use(holdfast(service))
  build(app)
  const { url } = await service.listen(app, { port: 0 })
  expect((await fetch(`${url}/x`)).status).toBe(500)
  const line = () => lines.find(({ msg }) => msg === 'request')
  await expect.poll(line).toBeDefined()
  return (line()?.err as { message?: string } | undefined)?.message
}

describe.each([
  ['Express 5', express as unknown as ExpressModule],
  ['Express 4', express4 as unknown as ExpressModule],
])('an error in %s', (_name, version) => {
  const fail = (_request: Request, _response: Response, next: NextFunction) => next(new Error('the reason'))

  it('is logged where a handler of the application answers it', async () => {
    expect(await errorOf((app) => app.get('/x', fail).use(answer), version)).toBe('the reason')
  })

  it('is logged where middleware has failed', async () => {
    expect(await errorOf((app) => app.use(fail).use(answer), version)).toBe('the reason')
  })

  it('is logged where nobody answers it', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await errorOf((app) => app.get('/x', fail), version)).toBe('the reason')
  })
})
