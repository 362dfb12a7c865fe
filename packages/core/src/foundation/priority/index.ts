export { isPriority, leastFirst, type Priority, priorities, roomFor } from './priority.js'
export { PriorityQueue, type Queued } from './priority-queue.js'
