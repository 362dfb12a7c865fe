import { createServer } from 'node:http'

/** Answers by path: well, with an error status, with a reset, or never. Sends its port to its parent. */
const server = createServer((request, response) => {
  const [, kind] = (request.url ?? '').split('/')
  switch (kind) {
    case 'missing':
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"reason":"none"}')
      return
    case 'down':
      response.writeHead(503, { 'retry-after': '0' }).end('down')
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'never':
      return
    default:
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"42","total":1999}')
  }
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.on('disconnect', () => process.exit(0))
