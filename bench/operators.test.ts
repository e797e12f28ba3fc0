/** What operators do, at a real engine that goes on meanwhile: processes, nats-server, database and the command line. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { HttpClient } from '../gateways/client/http_client.ts'
import { connectNats } from '../persistence/nats.ts'
import { stream_names } from '../persistence/streams.ts'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { runKilat } from './kilat.given.ts'
import { issuer, Stack } from './stack.ts'

const place = { latitude: 3.139, longitude: 101.6869 }
const address = { line1: '1 Jalan Satu', city: 'KL', state: 'WP', country: 'MY', ...place }
const order = {
  pet_spec: {
    pet_type: 'cat',
    name: 'Tompok',
    weight_kg: 4,
    vaccinations: [{ vaccine_name: 'x', date_given: '2026-10-01' }],
  },
  pickup_address: address,
  dropoff_address: { ...address, latitude: 3.2 },
}
/** One account may do so much in a row. */
const bookings_max = 100
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi' }
let nats: TestNats
let database: TestDatabase
let stack: Stack
let owner: HttpClient
let runner: HttpClient
let booking_id = ''

beforeAll(async () => {
  ;[nats, database] = await Promise.all([startNats(), startDatabase()])
  stack = await Stack.create({
    workers: 2,
    stores: { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url },
  })
  await stack.start()
  owner = await person('owner')
  runner = await person('runner')
  await runner.post('/api/v1/runners', vehicle)
  await runner.post('/api/v1/runners/me/crates', {
    size: 'medium',
    pet_types: ['cat'],
    max_weight_kg: 20,
    ventilated: true,
  })
  await runner.post('/api/v1/runners/me/online', place)
  const { data } = await owner.post<{ id: string }>('/api/v1/bookings', order)
  booking_id = data.id
  await runner.post(`/api/v1/bookings/${booking_id}/accept`, {})
  await runner.post(`/api/v1/bookings/${booking_id}/pickup`, {})
  await runner.post(`/api/v1/bookings/${booking_id}/deliver`, {})
}, 180_000)
afterAll(async () => {
  await stack?.stop()
  await database?.stop()
  await nats?.stop()
}, 60_000)

async function person(role: 'owner' | 'runner'): Promise<HttpClient> {
  const client = new HttpClient({ base_url: `http://127.0.0.1:${stack.port}`, env: systemEnv('error') })
  await client.register({ email: `${role}@kilat.test`, password: 'a-long-password', full_name: role, role })
  return client
}

/** The command line, as an operator has it. */
const kilat = (...words: string[]) =>
  runKilat('cli', words, {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    DATA_DIR: stack.data_dir,
    TOKEN_ISSUER: issuer,
  })

/** Runs something while bookings are made and cancelled. */
async function underTraffic<Result>(work: () => Promise<Result>): Promise<Result> {
  let over = false
  const traffic = async () => {
    let made = 0
    for (; !over && made < bookings_max; made++) {
      const { data } = await owner.post<{ id: string }>('/api/v1/bookings', order)
      await owner.post(`/api/v1/bookings/${data.id}/cancel`, { reason: 'a test' })
    }
    return made
  }
  const running = traffic()
  const result = await work()
  over = true
  expect(await running).toBeGreaterThan(0)
  return result
}

interface Verified {
  readonly findings: readonly {
    readonly what: string
    readonly checked: number
    readonly wrong: readonly string[]
    readonly skipped?: string
  }[]
}
const verified = ({ out }: { out: string }) => JSON.parse(out) as Verified

test('OP10 folding the journal of an engine that goes on gives the hashes of its living actors, its snapshots and its lists', async () => {
  const answer = await underTraffic(() => kilat('verify', '--decide', '--twice', '--json'))
  const { findings } = verified(answer)
  expect(findings.filter(({ wrong, skipped }) => wrong.length > 0 || skipped !== undefined)).toEqual([])
  expect(answer.code).toBe(0)
  const checked = Object.fromEntries(findings.map(({ what, checked: count }) => [what, count]))
  expect(checked['living state = fold']).toBeGreaterThan(2)
  expect(checked['list bookings = log']).toBeGreaterThan(0)
})

test('OP11 lists are built again behind a running engine, which goes on with them', async () => {
  const { code, out } = await underTraffic(() => kilat('rebuild', 'projections'))
  expect(code).toBe(0)
  expect(out).toContain('bookings')
  const again = await underTraffic(() => kilat('verify', '--json'))
  expect(verified(again).findings.flatMap(({ wrong }) => wrong)).toEqual([])
  const { data } = await runner.get('/api/v1/bookings', { limit: 100 })
  expect(JSON.stringify(data)).toContain(booking_id)
})

test('OP7 the life of a booking, its state and what became of it are told from the command line', async () => {
  const life = await kilat('replay', '--booking', booking_id, '--ndjson')
  expect(life.code).toBe(0)
  const types = life.out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type?: string }).type)
  expect(types).toEqual(
    expect.arrayContaining(['booking.request', 'runner.reserve', 'booking.assign', 'booking.deliver']),
  )
  const state = await kilat('state', 'booking', booking_id, '--json')
  expect(JSON.parse(state.out)).toMatchObject({
    view: { status: 'delivered' },
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  const { frame, seq } = JSON.parse(state.out) as { frame: number; seq: number }
  const diff = await kilat('diff', 'booking', booking_id, '--from-frame', String(frame - 1), '--json')
  expect(JSON.parse(diff.out)).toMatchObject({ after: { seq } })
  expect(await kilat('replay', '--booking', '00000000-0000-4000-8000-000000000000')).toMatchObject({
    code: 1,
  })
  expect(await kilat('replay')).toMatchObject({ code: 2, out: '' })
  expect(await kilat('state', 'booking', booking_id, '--frobs')).toMatchObject({ code: 2, out: '' })
})

test('OP8 an incident is written to a file and decided again from it', async () => {
  const file = join(stack.dir, 'incident.json')
  expect(await kilat('export', '--booking', booking_id, '--out', file)).toMatchObject({ code: 0 })
  expect(await kilat('rerun', file)).toMatchObject({
    code: 0,
    out: expect.stringContaining('the same today'),
  })
  expect(await kilat('rerun', join(stack.dir, 'engine.log'))).toMatchObject({ code: 1 })
})

// The last one: it ends the engine, whose own frames would be taken for those of the verb.
test('WI6 the recorded demand is played under another policy beside a running engine, without a database and without a message', async () => {
  const file = join(stack.dir, 'next.json')
  const { pricing } = firstPolicy
  const tariff = { ...pricing.tariff, base_cents: pricing.tariff.base_cents + 50 }
  await writeFile(file, JSON.stringify({ ...firstPolicy, version: 2, pricing: { ...pricing, tariff } }))
  const link = await connectNats({ url: nats.url, name: 'whatif-test', env: systemEnv('error') })
  const lastOf = async (stream: string) => {
    const { state } = (await link.request(`$JS.API.STREAM.INFO.${stream}`, '')).json<{
      state: { last_seq: number }
    }>()
    return [stream, state.last_seq]
  }
  const held = () => Promise.all(stream_names.map(lastOf))
  const whatif = (...words: string[]) =>
    runKilat('cli', ['whatif', ...words], {
      NATS_URL: nats.url,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere',
      DATA_DIR: stack.data_dir,
    })
  try {
    const time = ['--from', '2026-01-01T00:00:00Z', '--to', new Date(Date.now() + 60_000).toISOString()]
    const words = await whatif('--policy', file, ...time)
    expect(words).toMatchObject({ code: 0, out: expect.stringContaining('modelled, not recorded:') })
    await stack.drain()
    const before = await held()
    const told = JSON.parse((await whatif('--policy', file, ...time, '--json')).out)
    const { asked, delivered } = told.recorded.all
    expect(asked).toBeGreaterThan(0)
    expect(told.baseline.all).toMatchObject({ asked, delivered })
    expect(told.difference.all.money.gross_cents).toBe(50 * delivered)
    expect(await held()).toEqual(before)
    const day = ['--from', '2026-01-01T00:00:00Z', '--to', '2026-01-02T00:00:00Z']
    expect(await whatif('--policy', file, ...day)).toMatchObject({ code: 1, out: '' })
    expect(await whatif('--policy', file)).toMatchObject({ code: 2, out: '' })
  } finally {
    await link.close()
  }
})
