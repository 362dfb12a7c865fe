export { type Random, seededRandom } from '../policies/index.js'
