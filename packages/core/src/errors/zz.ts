import { timeout } from '../policies/index.js'
import nock from 'nock'
console.log(timeout,nock)
