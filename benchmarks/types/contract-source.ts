/** TypeScript source that declares the schemas of `count` operations, each with fields of its own, and uses them. */
export function schemaSource(count: number): string {
  const lines = ["import { z } from 'zod'"]
  for (let n = 0; n < count; n++) {
    lines.push(
      `export const Input${n} = z.object({ id: z.string(), page${n}: z.number().optional() })`,
      `export const Output${n} = z.object({ id: z.string(), total${n}: z.number(), tags: z.array(z.string()) })`,
      `export const Missing${n} = z.object({ reason${n}: z.string() })`,
      `export const input${n}: z.input<typeof Input${n}> = { id: '1', page${n}: ${n} }`,
      `export const total${n}: z.output<typeof Output${n}>['total${n}'] = ${n}`,
      `export const reason${n}: z.output<typeof Missing${n}>['reason${n}'] = '${n}'`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** The same, as a contract whose every operation is called once, its result and its declared error used. */
export function contractSource(count: number): string {
  const operations: string[] = []
  const calls: string[] = []
  for (let n = 0; n < count; n++) {
    operations.push(
      `  operation${n}: { method: '${n % 2 === 0 ? 'GET' : 'POST'}', path: '/things/${n}/{id}',`,
      `    input: Input${n}, output: Output${n}, errors: { 404: Missing${n} }, timeoutMs: ${1000 + n} },`,
    )
    calls.push(
      `export const called${n}: number = (await client.operation${n}({ id: '1', page${n}: ${n} })).total${n}`,
      `if (isHttpError(error, things.operation${n}, 404)) error.body.reason${n}.trim()`,
    )
  }
  return [
    schemaSource(count),
    "import { type Client, createClient, defineContract, isHttpError } from '@holdfast/core'",
    `const things = defineContract('things', {`,
    ...operations,
    '})',
    "const client = createClient(things, { baseUrl: 'http://127.0.0.1:3000' })",
    'declare const error: unknown',
    ...calls,
    '',
  ].join('\n')
}
