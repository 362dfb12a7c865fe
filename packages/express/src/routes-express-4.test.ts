import express4 from 'express4'
import { vi } from 'vitest'
import type { ExpressModule } from './test-app.js'
import { describeRouteTemplates } from './test-routes.js'

vi.mock('express', () => import('express4'))

describeRouteTemplates('Express 4', express4 as unknown as ExpressModule)
