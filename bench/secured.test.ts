/** The built engine as a process, with both stores behind TLS and no more rights than docs/secured gives it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { HttpClient } from '../gateways/client/http_client.ts'
import { type Secured, startSecured, tlsFront } from '../persistence/secured.given.ts'
import { startDatabase, type TestDatabase } from '../persistence/testing.ts'
import { Stack } from './stack.ts'

let nats: Secured
let database: TestDatabase
beforeAll(async () => {
  ;[nats, database] = await Promise.all([startSecured(), startDatabase()])
}, 180_000)
afterAll(async () => {
  await database?.stop()
  await nats?.stop()
})

test('LP1 an engine starts, serves and stops with both stores behind TLS and its rights alone', async () => {
  const front = await tlsFront(database.url, nats.client)
  const database_url = front.url({ sslmode: 'verify-full', sslrootcert: nats.client.ca })
  const stores = { nats_url: nats.url('engine'), nats_monitor_url: nats.monitor_url, database_url }
  const stack = await Stack.create({ workers: 2, stores })
  try {
    await stack.start()
    const http = new HttpClient({ base_url: `http://127.0.0.1:${stack.port}`, env: systemEnv('error') })
    const account = {
      email: 'lp1@kilat.test',
      password: 'a-long-password',
      full_name: 'LP',
      role: 'runner',
    } as const
    await http.register(account)
    await http.post('/api/v1/runners', {
      vehicle_type: 'car',
      vehicle_plate: 'JQK 1',
      vehicle_model: 'Myvi',
      vehicle_year: 2022,
    })
    await http.post('/api/v1/runners/me/online', { latitude: 1.4927, longitude: 103.7414 })
    expect((await http.get<object>('/api/v1/runners/me')).data).toMatchObject({ session_status: 'active' })
    expect(await stack.drain()).toBe(0)
  } finally {
    await stack.stop()
    await front.stop()
  }
}, 180_000)

test('LP4 a start with a wrong password ends with the reason, and is not tried without end', async () => {
  const lines: string[] = []
  const stores = {
    nats_url: nats.url('engine').replace('a-long-password', 'guess'),
    nats_monitor_url: nats.monitor_url,
    database_url: database.url,
  }
  const stack = await Stack.create({ workers: 1, stores, onLine: (line) => lines.push(line) })
  try {
    await expect(stack.start()).rejects.toThrow('the engine ended')
    expect(lines.join('\n')).toContain('could not go on: NATS refuses our credentials')
    expect(lines.join('\n')).not.toContain('guess')
  } finally {
    await stack.stop()
  }
}, 180_000)
