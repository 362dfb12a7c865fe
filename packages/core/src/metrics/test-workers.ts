/** Runs as the primary of a cluster, as its workers, or as a worker thread, and sends what a scrape of all would give. */
import cluster from 'node:cluster'
import { parentPort, workerData } from 'node:worker_threads'
import { AggregatorRegistry } from 'prom-client'
import { createMetrics } from './create-metrics.js'

const served = { method: 'GET', route: '/', status: 200, durationMs: 3, aborted: false }

function measured(requests: number) {
  const metrics = createMetrics()
  for (let request = 0; request < requests; request++) {
    metrics.server.begin()
    metrics.server.end(served)
  }
  return metrics
}

async function scrapeWorkers(): Promise<void> {
  const registry = new AggregatorRegistry()
  const workers = [cluster.fork(), cluster.fork()]
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
  process.send?.(await registry.clusterMetrics())
  for (const worker of workers) worker.kill()
}

if (parentPort !== null) {
  parentPort.postMessage(await measured(workerData as number).registry.getMetricsAsJSON())
} else if (cluster.isPrimary) {
  await scrapeWorkers()
} else {
  AggregatorRegistry.setRegistries([measured(10).registry])
  // Adds the listener that answers the primary.
  new AggregatorRegistry()
  process.send?.('ready')
}
