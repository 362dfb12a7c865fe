import { adapterConformance } from '@holdfast/core/testing'
import express from 'express'
import { describe, it } from 'vitest'
import { type ExpressModule, expressAdapter } from './test-app.js'

describe('Express 5', () => {
  const adapter = expressAdapter('Express 5', express as unknown as ExpressModule)
  for (const { name, run } of adapterConformance) it(name, () => run(adapter))
})
