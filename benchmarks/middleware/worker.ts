import { Client } from 'undici'

/** Sends requests to one port after the other, as it is told: the load, in a process of its own. */
export interface Load {
  readonly port: number
  readonly requests: number
}

const connections = 16

async function run({ port, requests }: Load): Promise<void> {
  const clients = Array.from({ length: connections }, () => new Client(`http://127.0.0.1:${port}`))
  let left = requests
  const caller = async (client: Client): Promise<void> => {
    while (left-- > 0) {
      const { body, statusCode } = await client.request({ path: '/orders/42', method: 'GET' })
      await body.dump()
      if (statusCode !== 200) throw new Error(`status ${statusCode}`)
    }
  }
  await Promise.all(clients.map(caller))
  await Promise.all(clients.map((client) => client.close()))
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
