// What operators see of a town's journal.
import { beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Told } from '../../engine/chronicle.ts'
import { Fold } from '../../engine/fold.ts'
import { stateHash } from '../../engine/hash.ts'
import type { ActorRow, Snapshots } from '../../engine/ports.ts'
import { savedState } from '../../engine/residents.ts'
import { aboutActor } from '../../engine/shard_row.ts'
import { atDesk } from '../../gateways/ops/desk.given.ts'
import { exportIncident, rerunIncidents } from '../../gateways/ops/export.ts'
import { type Incident, rerun } from '../../gateways/ops/incident.ts'
import { type Act, about, type Entry } from '../../gateways/ops/life.ts'
import { replay } from '../../gateways/ops/replay.ts'
import { verify } from '../../gateways/ops/verify.ts'
import { decodeRecord, encodeRecord, packState } from '../../protocols/codec.ts'
import { isClaim } from '../../protocols/frame.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import { shards } from '../thread.ts'
import { eventsOf } from './replay.ts'
import { Town } from './town.ts'

const town = new Town({ seed: 3, runners: 10, bookings: 1_200, hours: 1, from_hour: 11 })
const folded = new Fold(behaviours)
let booking_id = ''
let runner_id = ''

beforeAll(async () => {
  await town.live()
  for await (const event of eventsOf(town.journal)) folded.take(event)
  const done = folded
    .idsOf('booking')
    .map((id) => folded.view('booking', id) as { id: string; status: string; runner_id: string })
  const paid = new Set(folded.idsOf('payment'))
  const one = done.find(({ id, status }) => status === 'completed' && paid.has(id))
  booking_id = one?.id ?? ''
  runner_id = one?.runner_id ?? ''
})

const desk = (more: Parameters<typeof atDesk>[0] = {}) =>
  atDesk({ stores: town, shards, behaviours, ...more })

test('OP7 the life of a booking is told across shards: who, by which rules, from what, what came of it and what that caused', async () => {
  const { json, notes } = desk()
  const life = (await json(replay, [], { booking: booking_id })) as Entry[]
  const acts = life.filter((entry): entry is Act => entry.entry === 'command')
  const types = acts.map(({ type }) => type)
  const course = [
    'booking.request',
    'booking.accept',
    'runner.reserve',
    'booking.assign',
    'booking.pick_up',
    'booking.deliver',
    'booking.confirm',
  ]
  expect(course.map((type) => types.indexOf(type))).toEqual(
    course.map((type) => types.indexOf(type)).sort((a, b) => a - b),
  )
  expect(types).toEqual(
    expect.arrayContaining([...course, 'payment.create', 'payment.observe', 'trip.start', 'runner.release']),
  )
  expect(acts.find(({ type }) => type === 'runner.reserve')).toMatchObject({
    to: `runner ${runner_id}`,
    role: 'service',
  })
  expect(new Set(acts.map(({ to }) => to.split(' ')[0]))).toEqual(
    new Set(['booking', 'payment', 'runner', 'trip']),
  )
  const request = acts[0]
  expect(request).toMatchObject({
    role: 'owner',
    policy: 1,
    before: { seq: 0 },
    after: { seq: 1 },
    factors: { pet_spec: {} },
  })
  expect(request?.causes).toMatchObject([{ what: 'effect', type: 'dispatch.announce' }])
  // A step names the event that caused it, and each is told by its cause before.
  const caused = new Set(acts.flatMap(({ causes }) => causes.map(({ id }) => id)))
  const reserve = acts.find(({ type }) => type === 'runner.reserve')
  expect(caused.has(reserve?.id ?? '')).toBe(true)
  expect(life.some((entry) => entry.entry === 'settled')).toBe(true)
  expect(life.map(({ at_ms }) => at_ms)).toEqual(life.map(({ at_ms }) => at_ms).sort((a, b) => a - b))
  const last = acts.filter(({ to }) => to === `booking ${booking_id}`).at(-1)
  expect(last?.after.hash).toBe(folded.hashOf('booking', booking_id))
  expect(acts.filter(({ otherwise }) => otherwise !== undefined)).toEqual([])
  expect(notes.at(-1)).toBe(`${life.length} entries`)
})

test('OP7 a runner, a place and a time choose what is told, in words and by lines', async () => {
  const { json, run, lines } = desk()
  const whole = (await json(replay, [], { runner: runner_id })) as Entry[]
  const middle = whole[Math.floor(whole.length / 2)]
  const early = (await json(replay, [], { runner: runner_id, to: middle?.at ?? '' })) as Entry[]
  expect(early.length).toBeLessThan(whole.length)
  expect(whole.slice(0, early.length)).toEqual(early)
  const commands = (life: readonly Entry[], from_ms: number) =>
    life.filter(({ entry, at_ms }) => entry === 'command' && at_ms >= from_ms)
  const late = (await json(replay, [], { runner: runner_id, from: middle?.at ?? '' })) as Entry[]
  expect(commands(late, 0)).toEqual(commands(whole, middle?.at_ms ?? 0))
  const pickup = (
    folded.view('booking', booking_id) as { pickup_address: { latitude: number; longitude: number } }
  ).pickup_address
  const near = (await json(replay, [], { area: `${pickup.latitude},${pickup.longitude},0.05` })) as Act[]
  expect(near.map(({ to, type }) => `${type} ${to}`)).toContain(`booking.request booking ${booking_id}`)
  expect(near.length).toBeLessThan(whole.length + 500)
  lines.length = 0
  await run(replay, [], { booking: booking_id, ndjson: true })
  expect(lines.map((line) => JSON.parse(line).entry)).toContain('command')
  lines.length = 0
  await run(replay, [], { booking: booking_id })
  expect(lines.join('\n')).toContain('* booking.requested')
  expect(await run(replay, [], { booking: town.journal.log.of(0)[0]?.id ?? '' })).toBe(false)
  for (const [values, flaw] of [
    [{}, 'one of --booking'],
    [{ booking: booking_id, runner: runner_id }, 'one of --booking'],
    [{ area: 'here' }, 'an H3 cell'],
    [{ area: '1,2' }, 'an H3 cell'],
  ] as const)
    await expect(run(replay, [], values)).rejects.toThrow(flaw)
})

test('OP7 what is of somebody, what he did and what names him is about him, and nothing else', () => {
  const told = (command: object, data: object = {}) =>
    ({
      command: { to: { actor: 'trip', id: 'x' }, by: { id: 'x', role: 'owner' }, body: {}, ...command },
      events: [{ record: { data } }],
    }) as unknown as Told
  const wants = about('me')
  const mine = [
    told({ to: { actor: 'trip', id: 'me' } }),
    told({ by: { id: 'me', role: 'owner' } }),
    told({ body: { deep: [{ runner_id: 'me' }] } }),
    told({}, { runner_id: 'me' }),
  ]
  expect(mine.map(wants)).toEqual([true, true, true, true])
  expect(wants(told({ body: { note: 'not me' } }))).toBe(false)
})

test('OP7 movement is told between the rest, and how far back it is kept', async () => {
  const mine = town.topics
    .read('RUNNER_EVENTS')
    .map(({ message }) => message as CloudEvent)
    .filter(({ subject, type }) => subject === runner_id && type.endsWith('location_update'))
  const reach_ms = Date.parse(mine[3]?.time ?? '')
  const all = async function* () {
    yield* mine.slice(3)
  }
  const { json, run, notes } = desk({ moves: { reach_ms, all } })
  const life = (await json(replay, [], { runner: runner_id, movement: true })) as Entry[]
  expect(life.filter(({ entry }) => entry === 'movement')).toHaveLength(mine.length - 3)
  expect(life.map(({ at_ms }) => at_ms)).toEqual(life.map(({ at_ms }) => at_ms).sort((a, b) => a - b))
  expect(notes.join()).toContain(`movement is kept since ${new Date(reach_ms).toISOString()}`)
  await expect(run(replay, [], { booking: booking_id, movement: true })).rejects.toThrow('--runner or --area')
})

test('OP8 an incident file holds all that is needed to decide it again, and tells when today decides otherwise', async () => {
  const { run, written, lines } = desk()
  await run(exportIncident, [], { booking: booking_id, out: 'one.json' })
  const incident = JSON.parse(written.get('one.json') ?? '') as Incident
  expect(incident.actors.map(({ kind }) => kind).sort()).toEqual(
    expect.arrayContaining(['booking', 'payment', 'runner', 'trip']),
  )
  const { commands, events, differing } = rerun(behaviours, incident)
  expect(differing).toEqual([])
  expect(commands).toBeGreaterThan(8)
  expect(events).toBeGreaterThan(8)
  expect(await run(rerunIncidents, ['one.json'])).toBe(true)
  expect(lines.at(-1)).toContain('the same today')
  const strict = behaviours.map((behaviour) =>
    behaviour.name === 'booking'
      ? {
          ...behaviour,
          decide: (state: unknown, command: { type: string }, context: never) =>
            command.type === 'booking.deliver' ? [] : behaviour.decide(state, command, context),
        }
      : behaviour,
  )
  expect(rerun(strict, incident).differing).toEqual([expect.stringContaining('booking.deliver')])
  const forged = JSON.parse(
    JSON.stringify(incident).replace(
      /"until":\{"seq":\d+,"hash":"[0-9a-f]{8}/,
      (hit) => `${hit.slice(0, -8)}00000000`,
    ),
  )
  expect(rerun(behaviours, forged).differing).toHaveLength(1)
  await expect(run(exportIncident, [], { booking: 'nobody', out: 'x' })).rejects.toThrow('nothing in the log')
  await expect(run(exportIncident, [], { booking: booking_id })).rejects.toThrow('--out FILE')
})

const living = async (of: readonly { kind: string; id: string }[]) =>
  of.map(({ kind, id }) => {
    const shard = town.thread.owned.find(({ residents }) => residents.peek(kind, id))
    const actor = shard?.residents.peek(kind, id)
    return { kind, id, seq: actor?.seq ?? 0, hash: stateHash(actor?.state) }
  })
const findingsOf = async (more: Parameters<typeof atDesk>[0] = {}, values = {}) => {
  const { json } = desk({ living, workbench: bench, ...more })
  return (await json(verify, [], values)).findings as { what: string; checked: number; wrong: string[] }[]
}
const bench = {
  project: async () => {},
  marks: async () => new Map(),
  compare: async () => [{ table: 'bookings', rows: 3, missing: 0, extra: 0, examples: [] }],
  takeOver: async () => [],
  close: async () => {},
}
const wrongOf = (findings: readonly { what: string; wrong: readonly string[] }[]) =>
  findings.filter(({ wrong }) => wrong.length > 0).map(({ what }) => what)

test('OP10 a good deployment verifies: log, events, decisions, snapshots, living actors and lists', async () => {
  const findings = await findingsOf({}, { decide: true, twice: true })
  expect(wrongOf(findings)).toEqual([])
  expect(findings.map(({ checked }) => checked).filter((checked) => checked === 0)).toEqual([])
  expect(findings.map(({ what }) => what.split(/[:=,]/)[0]?.trim())).toEqual([
    'log',
    'events in order',
    'decided again by this code',
    'folded twice',
    'snapshots',
    'living state',
    'list bookings',
  ])
})

test('OP10 a living actor, a list and a log that differ are each told', async () => {
  const { run } = desk({ workbench: bench })
  const other = async (of: readonly { kind: string; id: string }[]) =>
    (await living(of)).map((one) =>
      one.id === booking_id && one.kind === 'trip' ? { ...one, hash: '0' } : one,
    )
  expect(wrongOf(await findingsOf({ living: other }))).toEqual(['living state = fold'])
  const behind = async (of: readonly { kind: string; id: string }[]) =>
    (await living(of)).map((one) =>
      one.id === booking_id && one.kind === 'booking' ? { ...one, seq: one.seq - 1 } : one,
    )
  expect(wrongOf(await findingsOf({ living: behind }))).toEqual(['living state = fold'])
  const compare = async () => [{ table: 'bookings', rows: 3, missing: 1, extra: 0, examples: ['a'] }]
  expect(wrongOf(await findingsOf({ workbench: { ...bench, compare } }))).toEqual(['list bookings = log'])
  expect(await run(verify, [], { 'log-only': true })).toBe(true)
  const log = town.journal.log.of(2)
  const entry = log[5]
  if (!entry) throw new Error('the log is short')
  log[5] = { ...entry, bytes: log[4]?.bytes ?? entry.bytes }
  expect(await run(verify, [], { 'log-only': true })).toBe(false)
  log[5] = entry
})

test('OP10 a broken chain, another decision and a snapshot that differs are each told under their name', async () => {
  const log = town.journal.log.of(2)
  const entry = log[5]
  if (!entry) throw new Error('the log is short')
  const record = decodeRecord(entry.bytes)
  if (isClaim(record)) throw new Error('it is a claim')
  log[5] = { ...entry, bytes: encodeRecord({ ...record, prev_hash: '0'.repeat(64) }) }
  expect(wrongOf(await findingsOf())).toEqual(['log: chain, epochs, frames'])
  log[5] = entry
  const strict = behaviours.map((behaviour) =>
    behaviour.name === 'runner' ? { ...behaviour, decide: () => [] } : behaviour,
  )
  expect(wrongOf(await findingsOf({ behaviours: strict }, { decide: true }))).toEqual([
    'decided again by this code',
  ])
  const packed = (row: ActorRow, change: object): Uint8Array =>
    packState({ ...(savedState(row, {}) as object), ...change }, aboutActor(row))
  const other = (row: ActorRow): ActorRow => ({ ...row, state: packed(row, { runner_id: 'another' }) })
  const later = (row: ActorRow): ActorRow => {
    const ahead = { ...row, seq: row.seq + 1 }
    return { ...ahead, state: packState(savedState(row, {}) as object, aboutActor(ahead)) }
  }
  const damages: readonly ((rows: readonly ActorRow[]) => readonly ActorRow[])[] = [
    (rows) => rows.slice(1),
    ([first, ...rest]) => (first ? [other(first), ...rest] : rest),
    ([first, ...rest]) => (first ? [later(first), ...rest] : rest),
  ]
  for (const damage of damages) {
    const { snapshots: good } = town
    const snapshots: Snapshots = {
      save: (cut) => good.save(cut),
      cuts: (shard) => good.cuts(shard),
      wake: (...of) => good.wake(...of),
      drop: (cut) => good.drop(cut),
      async *load(shard, n) {
        for await (const rows of good.load(shard, n)) yield damage(rows)
      },
    }
    expect(wrongOf(await findingsOf({ stores: { journal: town.journal, snapshots } }))).toEqual([
      'snapshots = fold at their frame',
    ])
  }
})
