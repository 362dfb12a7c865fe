import express from 'express'
import type { ExpressModule } from './test-app.js'
import { describeRouteTemplates } from './test-routes.js'

describeRouteTemplates('Express 5', express as unknown as ExpressModule)
