// The stream of bench/projects/streams as a bare broadcast with ws: node server.mjs PORT
// It keeps nothing, and every socket is in the one group there is.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const place = { streamName: 'rounds', groupId: 'all' }

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    broadcast(JSON.parse(Buffer.concat(chunks)))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
const sockets = new WebSocketServer({ server })

function broadcast(round) {
  const data = { ...round, id: 'newest', _createdAt: new Date().toISOString() }
  const message = { timestamp: Date.now(), ...place, id: 'newest', event: { type: 'update', data } }
  const frame = Buffer.from(JSON.stringify(message))
  for (const socket of sockets.clients) socket.send(frame, { binary: false })
}

sockets.on('connection', (socket) => {
  socket.on('error', (error) => console.error(error))
  socket.on('message', () => {
    socket.send(JSON.stringify({ timestamp: Date.now(), ...place, event: { type: 'sync', data: [] } }))
  })
})

server.listen(Number(process.argv[2]), '127.0.0.1', 2048)
