// The handlers of bench/projects/http on NestJS with its default platform, Express: node server.mjs PORT
// Decorators are called as what they are, functions: Node cannot read their syntax, and what Nest finds is the same.
import 'reflect-metadata'

import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

class BenchController {
  async hello() {
    return { message: 'hello', from: 'bench', items: [1, 2, 3] }
  }

  async echo(body) {
    return body
  }
}

function decorate(name, ...decorators) {
  const { prototype } = BenchController
  for (const each of decorators) each(prototype, name, Object.getOwnPropertyDescriptor(prototype, name))
}

decorate('hello', Get('/hello'))
decorate('echo', Post('/echo'), HttpCode(200))
Body()(BenchController.prototype, 'echo', 0)
Controller()(BenchController)

class BenchModule {}
Module({ controllers: [BenchController] })(BenchModule)

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] })
await app.listen(Number(process.argv[2]), '127.0.0.1')
