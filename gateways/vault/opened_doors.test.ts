import { expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { MemoryRows } from '../../engine/memory_rows.ts'
import { Fault } from '../../engine/ports.ts'
import type { Lists } from '../../protocols/lists.ts'
import type { KeptKey } from '../../protocols/person_keys.ts'
import { booking_id, MemoryHost, runner } from '../ws/testing.ts'
import { freshMaster, mastersOf } from './masters.ts'
import { MemoryPersonKeys } from './memory_person_keys.ts'
import { openedDoors } from './opened_doors.ts'
import { openVault } from './vault.ts'

/** Keys that may be away, or take their time. */
class Keys extends MemoryPersonKeys {
  away = false
  #asked = () => {}
  #wait: Promise<void> | undefined
  override async find(ids: readonly string[]): Promise<readonly KeptKey[]> {
    if (this.away) throw new Fault('the database is away', { retry: true })
    this.#asked()
    await this.#wait
    return super.find(ids)
  }
  /** Holds what is asked for from now on: `asked` resolves with the first, `release` lets all go. */
  hold(): { readonly asked: Promise<void>; readonly release: () => void } {
    let release = () => {}
    this.#wait = new Promise((resolve) => {
      release = resolve
    })
    const asked = new Promise<void>((resolve) => {
      this.#asked = resolve
    })
    return { asked, release }
  }
}

/** Doors whose keys are not in memory yet, and a profile that was sealed elsewhere. */
async function given() {
  const keys = new Keys()
  const env = new SteppedEnv()
  const masters = mastersOf([freshMaster()])
  const host = new MemoryHost()
  const profile = { full_name: 'Ali Bin Abu', phone: '+60111', vehicle_plate: 'JHR 1' }
  const sealed = await openVault({ keys, masters, env }).seal('runner.update', profile, runner.id)
  const lists: Lists = {
    bookings: async () => ({ items: [sealed], total: 1 }),
    payments: async () => ({ items: [sealed], total: 1 }),
    waypoints: async () => [],
  }
  const vault = openVault({ keys, masters, env })
  const doors = openedDoors({ host, lists, rows: new MemoryRows() }, vault)
  return { keys, host, profile, sealed, doors }
}

const of_runner = { actor: 'runner', id: runner.id }
const question = { to: of_runner, query: { type: 'runner.view' }, by: runner, deadline_ms: 0 }
const command = {
  id: booking_id,
  to: of_runner,
  command: { type: 'runner.go_offline' },
  by: runner,
  deadline_ms: 0,
  lane: 'command',
} as const

test('PD17 whatever the engine tells a door is opened on its way', async () => {
  const { host, doors, profile, sealed } = await given()
  host.views.set(`runner/${runner.id}`, sealed as object)
  host.near_runners = [{ id: runner.id, distance_km: 1, age_ms: 0, view: sealed as object }]
  expect(await doors.host.ask(question)).toMatchObject({ ok: true, view: profile })
  expect(await doors.host.submit(command)).toMatchObject({ ok: true, view: profile })
  const search = { kind: 'runner', latitude: 0, longitude: 0, radius_km: 1, limit: 1, bits: 0 }
  expect(await doors.host.near(search)).toMatchObject([{ id: runner.id, view: profile }])
  const told = { items: [profile], total: 1 }
  expect(await doors.lists.bookings({ page: 1, limit: 1 })).toEqual(told)
  expect(await doors.lists.payments({ page: 1, limit: 1 })).toEqual(told)
})

test('PD13 a command that was carried out is answered although a key cannot be had: its texts are left out', async () => {
  const { host, doors, keys, sealed } = await given()
  host.views.set(`runner/${runner.id}`, { ...(sealed as object), rating: 5 })
  keys.away = true
  expect(await doors.host.submit(command)).toMatchObject({ ok: true, view: { full_name: '', rating: 5 } })
  await expect(doors.host.ask(question)).rejects.toMatchObject({ retry: true })
})

test('PD18 what watchers are shown keeps its order, and nothing waits but behind one that waits for its key', async () => {
  const { host, doors, keys, profile, sealed } = await given()
  const shown: object[] = []
  let all = () => {}
  const three = new Promise<void>((resolve) => {
    all = resolve
  })
  const unwatch = doors.host.watch(of_runner, ({ message }) => {
    shown.push(message)
    if (shown.length === 3) all()
  })
  const offline = { type: 'runner.offline', runner_id: runner.id }
  const updated = { type: 'runner.updated', ...(sealed as object) }
  host.tell(of_runner, offline)
  expect(shown).toEqual([offline])
  const { asked, release } = keys.hold()
  host.tell(of_runner, updated)
  host.tell(of_runner, offline)
  await asked
  expect(shown).toHaveLength(1)
  release()
  await three
  expect(shown).toEqual([offline, { type: 'runner.updated', ...profile }, offline])
  // Its key is known now: it is shown at once.
  await new Promise((resolve) => setImmediate(resolve))
  host.tell(of_runner, updated)
  expect(shown).toHaveLength(4)
  unwatch()
  host.tell(of_runner, offline)
  expect(shown).toHaveLength(4)
})
