import { timeout } from '../policies/timeout.js'
import { seededRandom } from '../testing/seeded-random.js'
import axios from 'axios'
import Redis from 'ioredis'
console.log(timeout, seededRandom, axios, Redis)
