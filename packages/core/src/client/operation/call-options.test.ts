import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf, openOrders } from '../../../test/fixtures/orders.js'
import { defineContract } from '../../contract/index.js'
import { faultServer } from '../../testing.js'
import { createClient } from '../faces/typed/create-client.js'

describe('call options', () => {
  it.each(['500', 500n, [500], true])('do not take a timeoutMs of %s', async (timeoutMs) => {
    await using server = await faultServer()
    const client = openOrders(server)
    expect(await failureOf(client.listOrders(undefined, { timeoutMs } as never))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'timeoutMs' }],
    })
    expect(server.requests).toHaveLength(0)
  })

  it('do not take a signal that cannot be let go of', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    const signal = { aborted: false, addEventListener() {} }
    expect(await failureOf(client.listOrders(undefined, { signal } as never))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'signal' }],
    })
  })
})

describe('the length of a streamed body', () => {
  const contract = defineContract('files', {
    upload: {
      method: 'PUT',
      path: '/',
      body: 'stream',
      input: z.custom<Readable>(() => true),
    },
    save: { method: 'PUT', path: '/', input: z.object({ a: z.number() }) },
  })
  const open = (baseUrl: string) => createClient(contract, { baseUrl, retry: false })

  it('is sent where the call gives it', async () => {
    await using server = await faultServer({ recordBodies: true })
    await using client = open(server.url)
    await client
      .upload(Readable.from(['hello']), { headers: { 'content-length': '5' } })
      .catch(() => undefined)
    const [request] = server.requests
    expect(request?.headers).toMatchObject({ 'content-length': '5' })
    expect(request?.headers).not.toHaveProperty('transfer-encoding')
    expect(String(request?.body)).toBe('hello')
  })

  it('is refused where it is no number, and where the body is no stream', async () => {
    await using client = open('http://127.0.0.1:1')
    const problems = [{ path: 'headers.content-length' }]
    const wrong = client.upload(Readable.from(['hello']), { headers: { 'content-length': 'five' } })
    expect(await failureOf(wrong)).toMatchObject({ code: 'INVALID_INPUT', problems })
    const given = client.save({ a: 1 }, { headers: { 'content-length': '5' } })
    expect(await failureOf(given)).toMatchObject({ code: 'INVALID_INPUT', problems })
  })
})
