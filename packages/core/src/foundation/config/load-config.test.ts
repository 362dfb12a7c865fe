import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigInvalidError } from '../errors/index.js'
import { type LoadConfigOptions, loadConfig } from './load-config.js'
import { secret } from './secret.js'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** What is wrong, as `path: message`. */
function problems(schema: z.ZodType<object>, options: LoadConfigOptions): string[] {
  try {
    loadConfig(schema, options)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalidError)
    return (error as ConfigInvalidError).problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('loadConfig', () => {
  it('finds every field by the name of its variable', () => {
    const schema = z.object({
      port: z.number(),
      databaseURLPath: z.string(),
      LOG_LEVEL: z.enum(['info', 'debug']),
      database: z.object({ poolSize: z.int(), ssl: z.boolean().default(true) }),
    })
    const env = { PORT: '8080', DATABASE_URL_PATH: '/x', LOG_LEVEL: 'debug', DATABASE_POOL_SIZE: '5' }
    expect(loadConfig(schema, { env })).toEqual({
      port: 8080,
      databaseURLPath: '/x',
      LOG_LEVEL: 'debug',
      database: { poolSize: 5, ssl: true },
    })
  })

  it.each<[z.ZodType, string, unknown]>([
    [z.number(), ' 1.5 ', 1.5],
    [z.coerce.number(), '-2e3', -2000],
    [z.number().optional(), '7', 7],
    [z.boolean(), 'false', false],
    [z.coerce.boolean(), 'false', false],
    [z.boolean(), 'ON', true],
    [z.stringbool(), 'no', false],
    [z.bigint(), '12345678901234567890', 12345678901234567890n],
    [z.array(z.string()), 'a, b,c', ['a', 'b', 'c']],
    [z.array(z.number()), '1,2', [1, 2]],
    [z.array(z.string()), '["a,b"]', ['a,b']],
    [z.record(z.string(), z.number()), '{"a":1}', { a: 1 }],
    [z.string(), ' 8080 ', ' 8080 '],
    [z.string().transform((text) => text.length), 'four', 4],
  ])('reads text as the schema asks for it (%#)', (schema, text, value) => {
    expect(loadConfig(z.object({ value: schema }), { env: { VALUE: text } })).toEqual({ value })
  })

  it('treats an empty variable as not set', () => {
    const schema = z.object({ port: z.coerce.number().default(3000), host: z.string().optional() })
    expect(loadConfig(schema, { env: { PORT: '', HOST: '' } })).toEqual({ port: 3000 })
  })

  it('says everything that is wrong at once, with the remedy and without values', () => {
    const schema = z.object({
      databaseUrl: z.url(),
      port: z.number().max(65_535),
      mode: z.enum(['a', 'b']),
      pool: z.object({ size: z.number(), wait: z.number() }),
      apiKey: secret(z.string().min(20)),
      token: secret(),
    })
    const env = { PORT: 'eighty', MODE: 'zzz', POOL_SIZE: '1', API_KEY: 'hunter2' }
    expect(problems(schema, { env })).toEqual([
      'DATABASE_URL: is not set; set DATABASE_URL, or DATABASE_URL_FILE to the path of a file that holds it',
      'PORT: must be a number; correct it in the environment',
      'MODE: Invalid option: expected one of "a"|"b"; correct it in the environment',
      'POOL_WAIT: is not set; set POOL_WAIT, or POOL_WAIT_FILE to the path of a file that holds it',
      'API_KEY: Too small: expected string to have >=20 characters; correct it in the environment',
      'TOKEN: is not set; set TOKEN, or TOKEN_FILE to the path of a file that holds it',
    ])
  })

  it('leaves an optional object out when nothing of it is set', () => {
    const schema = z.object({ redis: z.object({ host: z.string(), port: z.number() }).optional() })
    expect(loadConfig(schema, { env: {} })).toEqual({})
    expect(problems(schema, { env: { REDIS_HOST: 'r' } })[0]).toMatch(/^REDIS_PORT: is not set/)
  })

  it('never says a secret, whatever the schema does', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40 }), (text) => {
        const schema = z
          .object({
            field: secret(z.string().transform((value) => new URL(value))),
            other: secret(z.string().refine(() => false, { error: (issue) => `bad ${String(issue.input)}` })),
          })
          .refine(({ other }) => other === undefined, { error: () => `cross ${text}`, when: () => true })
        const message = problems(schema, { env: { FIELD: text, OTHER: text } }).join('\n')
        const fixed =
          'cross bad FIELD OTHER its schema threw TypeError; correct it in the environment [secret]'
        return fixed.includes(text.trim()) || !message.includes(text.trim())
      }),
    )
  })

  it('names the variable whose schema throws', () => {
    const schema = z.object({ url: z.string().transform((text) => new URL(text)), name: z.string() })
    expect(problems(schema, { env: { URL: 'no-url', NAME: 'x' } })).toEqual([
      'URL: made its schema throw; let the schema add an issue instead, and do nothing asynchronous',
    ])
  })

  it('refuses what is no object schema, options that it does not know, and fields of one variable', () => {
    expect(problems(z.array(z.string()) as never, {})).toEqual(['schema: must be a z.object() of zod 4'])
    expect(problems(undefined as never, {})).toEqual(['schema: must be a z.object() of zod 4'])
    expect(problems(z.object({}), { evn: {} } as never)).toEqual([
      "evn: is not an option; did you mean 'env'?",
    ])
    expect(problems(z.object({}), { files: [1] } as never)).toEqual([
      'files.0: must be an object of options, not 1',
    ])
    expect(problems(z.object({ dbUrl: z.string(), db: z.object({ url: z.string() }) }), {})).toEqual([
      'db.url: is set by DB_URL, and so is dbUrl; rename one of them',
    ])
  })
})

describe('NAME_FILE', () => {
  const schema = z.object({ dbPassword: secret(), poolSize: z.number().default(1) })

  it('names a file that holds the value, whose last newline does not count', () => {
    const path = file('password', 'hunter2\n\n')
    const config = loadConfig(schema, {
      env: { DB_PASSWORD_FILE: path, POOL_SIZE_FILE: file('size', '7\r\n') },
    })
    expect(config.dbPassword.reveal()).toBe('hunter2\n')
    expect(config.poolSize).toBe(7)
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'a missing file',
      { DB_PASSWORD_FILE: join(folder, 'none') },
      'DB_PASSWORD_FILE: names a file that cannot be read: ENOENT; correct the path or its permissions',
    ],
    [
      'an empty file',
      { DB_PASSWORD_FILE: file('empty', '\n') },
      'DB_PASSWORD_FILE: names an empty file; write the value into it',
    ],
    [
      'two values',
      { DB_PASSWORD: 'x', DB_PASSWORD_FILE: 'y' },
      'DB_PASSWORD: is set, and DB_PASSWORD_FILE too, in the environment; unset one of them',
    ],
  ])('refuses %s', (_, env, problem) => {
    expect(problems(schema, { env })).toEqual([problem])
  })

  it('is a variable of its own where the schema has such a field', () => {
    const tls = z.object({ tlsKey: z.string().optional(), tlsKeyFile: z.string() })
    expect(loadConfig(tls, { env: { TLS_KEY_FILE: '/etc/key' } })).toEqual({ tlsKeyFile: '/etc/key' })
  })
})

describe('files', () => {
  const schema = z.object({
    name: z.string(),
    port: z.number(),
    database: z.object({ host: z.string(), tags: z.array(z.string()).default([]) }),
  })

  it('are weaker than the environment, and the earlier weaker than the later', () => {
    const json = file('config.json', '{"name":"json","port":1,"database":{"host":"json","tags":["a"]}}')
    const env = file('.env', '# local\nPORT=2\nDATABASE_HOST="from .env"\n')
    expect(loadConfig(schema, { env: { NAME: 'env' }, files: [json, env] })).toEqual({
      name: 'env',
      port: 2,
      database: { host: 'from .env', tags: ['a'] },
    })
  })

  it('must be there and be read, unless they are optional', () => {
    const env = { NAME: 'n', PORT: '1', DATABASE_HOST: 'h' }
    const none = join(folder, 'none.json')
    expect(problems(schema, { env, files: [none] })).toEqual([`${none}: cannot be read: ENOENT`])
    expect(problems(schema, { env, files: [{ path: none, optional: true }] })).toEqual([])
    expect(problems(schema, { env, files: [{ path: folder, optional: true }] })).toEqual([
      `${folder}: cannot be read: EISDIR`,
    ])
    const broken = file('broken.json', '{"password": "hunter2",,}')
    expect(problems(schema, { env, files: [broken] })).toEqual([
      `${broken}: is no JSON; correct it, or give a .env file another ending than .json`,
    ])
  })

  it('may not hold keys that the schema does not know', () => {
    const path = file('typo.json', '{"naem":"x","database":{"hots":"y"},"__proto__":{"port":1}}')
    const found = problems(schema, { env: { NAME: 'n', PORT: '1', DATABASE_HOST: 'h' }, files: [path] })
    expect(found).toHaveLength(3)
    expect(found[0]).toBe(`${path}.naem: is not an option; did you mean 'name'?`)
    expect(found[2]).toBe(`${path}.database.hots: is not an option; did you mean 'host'?`)
  })

  it('are named where a value is wrong', () => {
    const path = file('wrong.json', '{"name":"n","port":"x","database":{"host":"h"}}')
    expect(problems(schema, { env: {}, files: [path] })).toEqual([
      `PORT: must be a number; correct it in ${path}`,
    ])
  })
})

describe('what people and editors write', () => {
  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const env = { KEY_FILE: file('bom-secret', '\uFEFFhunter2\r\n') }
    expect(loadConfig(z.object({ key: secret() }), { env }).key.reveal()).toBe('hunter2')
    const files = [file('bom.env', '\uFEFFA=x\r\nB="y"\r\n'), file('bom.json', '\uFEFF{"port":1}')]
    const schema = z.object({ a: z.string(), b: z.string(), port: z.number() })
    expect(loadConfig(schema, { env: {}, files })).toEqual({ a: 'x', b: 'y', port: 1 })
  })

  it('may end a list with a comma', () => {
    const schema = z.object({ urls: z.array(z.url()), ports: z.array(z.number()) })
    const env = { URLS: 'https://a.example, https://b.example,', PORTS: '1,2,' }
    expect(loadConfig(schema, { env })).toEqual({
      urls: ['https://a.example', 'https://b.example'],
      ports: [1, 2],
    })
  })

  it.each([
    [z.union([z.number(), z.literal('auto')]), '4', 4],
    [z.union([z.number(), z.literal('auto')]), 'auto', 'auto'],
    [z.literal(2), '2', 2],
    [z.literal(true), 'true', true],
    [z.union([z.boolean(), z.number(), z.string()]), 'false', false],
    [z.union([z.boolean(), z.number(), z.string()]), '1', 1],
    [z.union([z.boolean(), z.number(), z.string()]), '007', '007'],
    [z.union([z.string(), z.array(z.string())]), 'a,b', 'a,b'],
    [z.number().nullable().or(z.boolean()), '30', 30],
  ])('is what a union or literal asks for (%#)', (schema, text, value) => {
    expect(loadConfig(z.object({ it: schema }), { env: { IT: text } })).toEqual({ it: value })
  })

  it('may be UTF-16 with a byte order mark, as PowerShell writes it', () => {
    const little = Buffer.from('\uFEFFA=x\r\nB=2\r\n', 'utf16le')
    const big = Buffer.from('\uFEFFB=3\r\n', 'utf16le').swap16()
    const files = [file('little.env', little), file('big.env', big)]
    expect(loadConfig(z.object({ a: z.string(), b: z.number() }), { env: {}, files })).toEqual({
      a: 'x',
      b: 3,
    })
  })

  it.each([
    [z.boolean(), 'nope'],
    [z.coerce.boolean(), 'nope'],
    [z.coerce.boolean().default(true), 'FALSCH'],
    [z.array(z.coerce.boolean()), 'true,nope'],
    [z.union([z.coerce.boolean(), z.literal('auto')]), 'nope'],
  ])('is refused where it is no boolean, also by schemas that coerce (%#)', (schema, text) => {
    const json = file('flag.json', JSON.stringify({ flag: text }))
    const problem = 'FLAG: must be a boolean; correct it in'
    expect(problems(z.object({ flag: schema }), { env: { FLAG: text } })).toEqual([
      `${problem} the environment`,
    ])
    expect(problems(z.object({ flag: schema }), { env: {}, files: [json] })).toEqual([`${problem} ${json}`])
  })

  it('is a boolean in the words that zod has for it, and no number where it is blank', () => {
    const schema = z.object({
      a: z.boolean(),
      b: z.boolean(),
      c: z.union([z.literal('auto'), z.coerce.boolean()]),
    })
    const env = { A: 'Enabled', B: 'n', C: 'auto' }
    expect(loadConfig(schema, { env })).toEqual({ a: true, b: false, c: 'auto' })
    expect(problems(z.object({ port: z.coerce.number() }), { env: { PORT: '  ' } })).toEqual([
      'PORT: must be a number; correct it in the environment',
    ])
  })
})
