// The handlers of bench/projects/http on Express 4, with its defaults: node server.mjs PORT
import express from 'express'

const app = express()

app.get('/hello', (req, res) => {
  res.json({ message: 'hello', from: 'bench', items: [1, 2, 3] })
})

app.post('/echo', express.json(), (req, res) => {
  res.json(req.body)
})

app.listen(Number(process.argv[2]), '127.0.0.1')
