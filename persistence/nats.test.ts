import { expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { freePort } from './embedded/free_port.ts'
import { connectNats, serversOf } from './nats.ts'
import { startNats } from './testing.ts'

const env = systemEnv('error')

test('JN15 a server that is not there is a fault that may pass', async () => {
  const url = `nats://127.0.0.1:${await freePort()}`
  await expect(connectNats({ url, name: 'nobody', env })).rejects.toMatchObject({
    name: 'Fault',
    retry: true,
  })
})

test('JN15 a question that nobody answers ends in a fault', async () => {
  const server = await startNats()
  const link = await connectNats({ url: server.url, name: 'asker', env })
  try {
    await expect(link.request('nobody.here', 'x')).rejects.toMatchObject({ name: 'Fault', retry: true })
    link.nc.subscribe('silent', { callback: () => undefined })
    await expect(link.request('silent', 'x', { timeout_ms: 20 })).rejects.toThrow('no answer in time')
    await link.close()
    await expect(link.request('silent', 'x')).rejects.toMatchObject({ name: 'Fault', retry: true })
  } finally {
    await link.close()
    await server.stop()
  }
})

test('JN16 the address of NATS may hold credentials and several servers', () => {
  expect(serversOf('nats://127.0.0.1:4222')).toEqual({ servers: ['127.0.0.1:4222'] })
  expect(serversOf('127.0.0.1:4222')).toEqual({ servers: ['127.0.0.1:4222'] })
  expect(serversOf('nats://kilat:p%40ss@one:4222, nats://two:4223')).toEqual({
    servers: ['one:4222', 'two:4223'],
    user: 'kilat',
    pass: 'p@ss',
  })
  expect(serversOf('nats://secret@one')).toEqual({ servers: ['one'], token: 'secret' })
  expect(serversOf('tls://one:4222')).toMatchObject({ servers: ['one:4222'], tls: {} })
})
