import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Secret, secret } from './secret.js'

const password = 'hunter2-correct-horse'

describe('Secret', () => {
  const value = new Secret(password)

  it.each<[string, () => string]>([
    ['a template string', () => `${value}`],
    ['String()', () => String(value)],
    ['concatenation', () => `a${value as unknown as string}`],
    ['JSON', () => JSON.stringify({ value })],
    ['inspect', () => inspect({ value }, { depth: 9, showHidden: true })],
    ['inspect without custom', () => inspect(value, { customInspect: false, showHidden: true })],
    ['keys', () => JSON.stringify([Object.entries(value), { ...value }, Reflect.ownKeys(value)])],
    ['a clone', () => inspect(structuredClone({ value }))],
    ['an error message', () => new Error(`wrong: ${value}`).message],
  ])('does not show itself in %s', (_, show) => {
    expect(show()).not.toContain('hunter2')
  })

  it('says that it is a secret', () => {
    expect(`${value} ${JSON.stringify(value)} ${inspect(value)}`).toBe('[secret] "[secret]" [secret]')
  })

  it('reveals itself', () => {
    expect(value.reveal()).toBe(password)
    expect(new Secret({ a: 1 }).reveal().a).toBe(1)
  })
})

describe('secret', () => {
  it('takes a string that is not empty', () => {
    expect(secret().parse(password).reveal()).toBe(password)
    expect(secret().safeParse('').success).toBe(false)
    expect(secret().safeParse(undefined).success).toBe(false)
  })

  it('gives what its schema gives', () => {
    expect(
      secret(z.string().transform((text) => text.length))
        .parse(password)
        .reveal(),
    ).toBe(password.length)
  })

  it.each<[string, z.ZodType]>([
    ['a message', z.string().refine(() => false, { error: ({ input }) => `${String(input)} is weak` })],
    ['a transform that throws', z.string().transform((text) => new URL(text))],
    ['a check', z.string().max(3)],
  ])('does not show the value in %s', (_, schema) => {
    const result = z.object({ password: secret(schema) }).safeParse({ password })
    expect(result.success).toBe(false)
    expect(inspect(result.error, { depth: 9, showHidden: true })).not.toContain(password)
    expect(result.error?.issues[0]?.path).toEqual(['password'])
  })

  it('may be left out where the field is optional', () => {
    expect(z.object({ password: secret().optional() }).parse({})).toEqual({})
  })
})
