import { adapterConformance } from '@holdfast/core/testing'
import express4 from 'express4'
import { describe, it, vi } from 'vitest'
import { type ExpressModule, expressAdapter } from './test-app.js'

// The adapter finds Express 4 where it looks for Express, as in an application that has it.
vi.mock('express', () => import('express4'))

describe('Express 4', () => {
  const adapter = expressAdapter('Express 4', express4 as unknown as ExpressModule)
  for (const { name, run } of adapterConformance) it(name, () => run(adapter))
})
