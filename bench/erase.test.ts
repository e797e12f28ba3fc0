// A person who is forgotten: on real stores, with a look at every byte that they keep.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeSql, openSql, type Sql } from '../persistence/pg.ts'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { runKilat } from './kilat.given.ts'
import { Stack } from './stack.ts'

let nats: TestNats
let database: TestDatabase
let stack: Stack
let sql: Sql
let town: Town

beforeAll(async () => {
  ;[nats, database] = await Promise.all([startNats(), startDatabase()])
  const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
  stack = await Stack.create({ workers: 2, stores })
  await stack.start()
  sql = openSql({ url: database.url, max: 1, application_name: 'kilat-test' })
  town = await settle()
}, 180_000)

afterAll(async () => {
  await stack?.stop()
  if (sql) await closeSql(sql)
  await database?.stop()
  await nats?.stop()
}, 60_000)

interface Answered {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>>
}

async function call(method: string, path: string, token = '', body?: object): Promise<Answered> {
  const response = await fetch(`http://127.0.0.1:${stack.port}/api/v1${path}`, {
    method,
    // Connections land on either thread.
    headers: { 'content-type': 'application/json', connection: 'close', authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const { data = {} } = JSON.parse(text === '' ? '{}' : text) as { data?: Answered['data'] }
  return { status: response.status, data }
}

async function insist(method: string, path: string, token: string, body?: object): Promise<Answered['data']> {
  const { status, data } = await call(method, path, token, body)
  if (status >= 300) throw new Error(`${method} ${path}: ${status}`)
  return data
}

/** Runs `kilat` as an operator does. */
async function kilat(...words: string[]): Promise<{ code: number; text: string }> {
  const env = { NATS_URL: nats.url, DATABASE_URL: database.url, DATA_DIR: stack.data_dir }
  const { code, out, err } = await runKilat('cli', words, env)
  return { code, text: out + err }
}

/** Which of the texts are in the files of the NATS server: journal, topics, dead letters, and whatever else it keeps. */
async function inStreams(texts: readonly string[]): Promise<readonly string[]> {
  const files = await readdir(nats.dir, { recursive: true, withFileTypes: true })
  const found = new Set<string>()
  for (const file of files.filter((each) => each.isFile())) {
    const bytes = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0))
    for (const text of texts) if (bytes.includes(text)) found.add(text)
  }
  return [...found]
}

/** Tables in which one of the texts is, in whatever column: a row as text has bytes in hex. */
async function inTables(texts: readonly string[]): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'spatial_ref_sys'`
  const found: string[] = []
  for (const { name } of tables)
    for (const text of texts) {
      const hex = Buffer.from(text).toString('hex')
      const [row] = await sql<{ rows: number }[]>`
        SELECT count(*) AS rows FROM ${sql(name)} AS t
        WHERE position(${text} IN t::text) > 0 OR position(${hex} IN t::text) > 0`
      if ((row?.rows ?? 0) > 0) found.push(`${name}: ${text}`)
    }
  return found
}

const people = {
  email: 'siti.rahsia@kilat.test',
  full_name: 'Siti Nurhaliza Rahsia',
  phone: '+60129998877',
}
const drivers = { email: 'ali.pemandu@kilat.test', full_name: 'Ali Bin Pemandu', phone: '+60111222333' }
const vehicle = {
  vehicle_type: 'van',
  vehicle_plate: 'WXY 9182',
  vehicle_model: 'Hiace',
  air_conditioned: true,
}
/** What she says, and what is said about her. */
const said = {
  line1: '17 Lorong Tersembunyi',
  line2: 'Blok Kenanga 9',
  notes: 'the key is under the red mat',
  note: 'ring the brass bell twice',
  special_needs: 'afraid of umbrellas',
  vet_name: 'Dr Lim of Taman Sulit',
  reason: 'other: my mother fell ill',
  admin_reason: 'Siti phoned in tears',
  comment: 'he sang to her all the way',
}
const chat = 'I wait at the mosque gate'
const pet_allergies = 'allergic to durian'
const password = 'a-long-password'
const place = (latitude: number) => ({ city: 'KL', state: 'KL', country: 'MY', latitude, longitude: 101.7 })
const wanted = {
  pet_spec: {
    pet_type: 'cat',
    name: 'Oyen',
    weight_kg: 4,
    special_needs: said.special_needs,
    vaccinations: [
      { vaccine_name: 'F3', date_given: '2026-06-01T00:00:00Z', vet_name: said.vet_name, verified: true },
    ],
  },
  pickup_address: { line1: said.line1, line2: said.line2, ...place(3.13) },
  dropoff_address: { line1: said.line1, ...place(3.15) },
  notes: said.notes,
}

async function register(role: string, who: { email: string; full_name: string; phone: string }) {
  const data = await insist('POST', '/auth/register', '', { ...who, password, role })
  return {
    id: (data.user as { id: string }).id,
    token: String(data.access_token),
    refresh: String(data.refresh_token),
  }
}

/** Everything that she does before she goes: the ids of a completed, two cancelled and an open booking. */
async function live(owner: string, runner: string, admin: string) {
  const book = async () =>
    String(
      (await insist('POST', '/bookings', owner, { ...wanted, notes: `${said.notes} ${Math.random()}` })).id,
    )
  const [done, cancelled, ended, open] = [await book(), await book(), await book(), await book()]
  await insist('POST', `/bookings/${done}/note`, owner, { note: said.note })
  for (const step of ['accept', 'pickup', 'deliver'])
    await insist('POST', `/bookings/${done}/${step}`, runner)
  await insist('POST', `/chat/${done}/messages`, owner, { message_type: 'text', content: chat })
  await insist('POST', `/bookings/${done}/confirm`, owner)
  await insist('POST', `/bookings/${done}/rate`, owner, { stars: 5, comment: said.comment })
  await insist('POST', `/bookings/${cancelled}/cancel`, owner, { reason: said.reason })
  await insist('POST', `/bookings/${ended}/cancel`, admin, { reason: said.admin_reason })
  await insist('POST', '/pets', owner, {
    name: 'Oyen',
    pet_type: 'cat',
    weight_kg: 4,
    allergies: pet_allergies,
  })
  await call('POST', '/auth/forgot-password', '', { email: people.email })
  return { done, cancelled, ended, open }
}

/** Those that are written: a draft gets its name when it is. */
async function letters(): Promise<string> {
  const folder = join(stack.data_dir, 'outbox')
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'))
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('')
}

type Person = Awaited<ReturnType<typeof register>>

interface Town {
  readonly owner: Person
  readonly runner: Person
  readonly admin: string
  readonly bookings: Awaited<ReturnType<typeof live>>
}

async function settle(): Promise<Town> {
  const owner = await register('owner', people)
  const runner = await register('runner', drivers)
  await register('owner', { email: 'boss@kilat.test', full_name: 'The Boss', phone: '' })
  await kilat('admin', 'grant', 'boss@kilat.test')
  const boss = await insist('POST', '/auth/login', '', { email: 'boss@kilat.test', password })
  const admin = String(boss.access_token)
  await insist('POST', '/runners', runner.token, vehicle)
  const crate = { size: 'large', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
  await insist('POST', '/runners/me/crates', runner.token, crate)
  await insist('POST', '/runners/me/online', runner.token, { latitude: 3.13, longitude: 101.7 })
  return { owner, runner, admin, bookings: await live(owner.token, runner.token, admin) }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const words = Object.values(said)
const hers = [...Object.values(people), ...words, chat, pet_allergies]
const his = [...Object.values(drivers), vehicle.vehicle_plate]

async function untilProjected(id: string, status: string): Promise<void> {
  while ((await sql`SELECT 1 FROM bookings WHERE id = ${id} AND status = ${status}`).length === 0)
    await pause(50)
}

test('PD23 what people say is sealed in every stream and in all that is derived from them, and served as it was said', async () => {
  const { owner, runner, admin, bookings } = town
  expect(await insist('GET', `/bookings/${bookings.cancelled}`, admin)).toMatchObject({
    cancel_note: said.reason,
    pickup_address: wanted.pickup_address,
  })
  expect(await insist('GET', `/bookings/${bookings.done}`, runner.token)).toMatchObject({
    pet_spec: { special_needs: said.special_needs },
  })
  while (!(await letters()).includes(people.email)) await pause(100)
  // A cut is made when it is due and something happens.
  const hasCut = async () => (await sql`SELECT 1 FROM snapshot_actors WHERE id = ${bookings.open}`).length > 0
  while (!(await hasCut())) {
    await insist('POST', `/bookings/${bookings.open}/note`, owner.token, { note: said.note })
    await pause(1_000)
  }
  await stack.drain()
  expect(await inStreams([...hers, ...his])).toEqual([])
  expect(await inTables([...words, vehicle.vehicle_plate])).toEqual([])
  expect((await inTables([people.email, chat])).sort()).toEqual([
    `chat_messages: ${chat}`,
    `notifications: ${chat}`,
    `users: ${people.email}`,
  ])
  expect(await inStreams([`~1.${owner.id}.`, `~1.${runner.id}.`])).toHaveLength(2)
  await stack.start()
}, 120_000)

test('PD22 who has a live booking is not erased, nor anybody without --yes', async () => {
  const {
    owner,
    bookings: { open },
  } = town
  await untilProjected(open, 'requested')
  const tied = await kilat('erase', people.email, '--yes')
  expect(tied.code).toBe(1)
  expect(tied.text).toMatch(/cannot be erased yet, for booking \S+ is requested/)
  await insist('POST', `/bookings/${open}/cancel`, owner.token, { reason: 'changed_mind' })
  await untilProjected(open, 'cancelled')
  const asked = await kilat('erase', people.email)
  expect(asked).toMatchObject({ code: 1 })
  expect(asked.text).toContain('--yes')
  expect((await kilat('erase', 'nobody@kilat.test', '--yes')).text).toContain('nobody is known as')
  expect((await call('POST', '/auth/login', '', { email: people.email, password })).status).toBe(200)
}, 120_000)

test('PD23 after she was erased no text of hers is anywhere, and none of her sealed ones can be opened', async () => {
  const { owner } = town
  const erased = await kilat('erase', people.email, '--yes')
  expect(erased.text).toMatch(/EV0: \d+ sealed texts/)
  expect(erased.text).toMatch(/snapshot_actors\.state: \d+ sealed texts/)
  expect(erased.text).toMatch(/of \d\d+ sealed texts 0 can be opened/)
  expect(erased.text).toContain('as it was said: email, full_name, phone looked for, in 0 places found')
  expect(erased.code).toBe(0)
  expect(await inStreams(hers)).toEqual([])
  expect(await inTables(hers)).toEqual([])
  expect(await letters()).not.toContain(people.email)
  const again = await kilat('erase', owner.id, '--yes')
  expect(again.text).toContain('was erased before')
  expect(again.code).toBe(0)
}, 120_000)

test('PD24 who was erased is let in nowhere, and others see her bookings without her texts', async () => {
  const { owner, runner, admin, bookings } = town
  expect((await call('POST', '/auth/login', '', { email: people.email, password })).status).toBe(401)
  expect((await call('POST', '/auth/refresh', '', { refresh_token: owner.refresh })).status).toBe(401)
  const statusOf = async () => (await call('GET', '/auth/profile', owner.token)).status
  const noteOf = async () => (await insist('GET', `/bookings/${bookings.ended}`, admin)).cancel_note
  // Connections land on either thread: each must have heard of it.
  const forgotten = async () => {
    const looks = await Promise.all(Array.from({ length: 8 }, async () => [await statusOf(), await noteOf()]))
    return looks.every(([status, note]) => status === 401 && note === '')
  }
  while (!(await forgotten())) await pause(500)
  expect(await insist('GET', `/bookings/${bookings.done}`, admin)).toMatchObject({
    notes: '',
    pickup_address: { line1: '', line2: '', city: 'KL' },
    pet_spec: { name: 'Oyen', special_needs: '', vaccinations: [{ vet_name: '' }] },
  })
  expect(await insist('GET', '/runners/me', runner.token)).toMatchObject({
    full_name: drivers.full_name,
    vehicle_plate: vehicle.vehicle_plate,
  })
}, 120_000)
