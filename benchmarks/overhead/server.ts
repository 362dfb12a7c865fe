import { createServer } from 'node:net'

/**
 * A server that costs as little as possible: it answers every request on a connection with the same 80 bytes of JSON
 * and never looks at them. Runs in a process of its own and sends its port to its parent.
 */
const body = JSON.stringify({ id: '42', customer: 'c-1001', total: 1999, currency: 'EUR', open: true, n: 3 })
const response = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'content-type: application/json; charset=utf-8',
    `content-length: ${body.length}`,
    'date: Sun, 01 Nov 2026 12:00:00 GMT',
    'connection: keep-alive',
    '',
    body,
  ].join('\r\n'),
)

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('data', (data) => {
    for (let end = data.indexOf('\r\n\r\n'); end !== -1; end = data.indexOf('\r\n\r\n', end + 4)) {
      socket.write(response)
    }
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.on('disconnect', () => process.exit(0))
