import autocannon from 'autocannon'

/** Sends requests to one port after the other, as it is told: the load, in a process of its own. */
export interface Load {
  readonly port: number
  readonly requests: number
}

const connections = 32

async function run({ port, requests }: Load): Promise<void> {
  const url = `http://127.0.0.1:${port}/orders/42`
  const { errors, non2xx, timeouts } = await autocannon({ url, connections, amount: requests })
  if (errors + non2xx + timeouts > 0) {
    throw new Error(`${errors} errors, ${non2xx} answers of another status, ${timeouts} timeouts`)
  }
}

process.on('message', (load: Load) => {
  run(load).then(
    () => process.send?.('done'),
    (error: unknown) => {
      throw error
    },
  )
})
process.send?.('ready')
