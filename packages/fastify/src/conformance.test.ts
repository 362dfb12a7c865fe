import { adapterConformance } from '@holdfast/core/testing'
import { describe, it } from 'vitest'
import { adapter } from './test-app.js'

describe('Fastify 5', () => {
  for (const { name, run } of adapterConformance) it(name, () => run(adapter))
})
