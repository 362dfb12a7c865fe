import { timeout } from '@holdfast/core/testing'
import { x } from '../../packages/core/src/testing/index.js'
import { y } from '../../packages/core/src/policies/timeout.js'
import lodash from 'lodash'
console.log(timeout, x, y, lodash)
