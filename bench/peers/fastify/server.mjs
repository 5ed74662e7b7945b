// The handlers of bench/projects/http on Fastify, with its defaults and no response schema: node server.mjs PORT
import Fastify from 'fastify'

const app = Fastify()

app.get('/hello', async () => {
  return { message: 'hello', from: 'bench', items: [1, 2, 3] }
})

app.post('/echo', async (request) => {
  return request.body
})

await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
