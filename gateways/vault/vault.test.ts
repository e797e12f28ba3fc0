import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import type { KeptKey, PersonKeys } from '../../protocols/person_keys.ts'
import { charactersOf, holdsSealed, sealedMax, sealedPrefix } from '../../protocols/personal.ts'
import { cipherOf } from './cipher.ts'
import type { Line } from './ciphers.ts'
import { freshMaster, loadMasters, mastersOf } from './masters.ts'
import { MemoryPersonKeys } from './memory_person_keys.ts'
import { checkMasters, openVault, rewrapKeys } from './vault.ts'

const mei = '11111111-1111-4111-8111-111111111111'
const ali = '22222222-2222-4222-8222-222222222222'
const master = freshMaster()

/** A table of keys that can be away, and counts what is asked of it. */
class Flaky extends MemoryPersonKeys {
  away = false
  asked = 0
  override async find(person_ids: readonly string[]): Promise<readonly KeptKey[]> {
    this.asked += 1
    if (this.away) throw new Fault('the database is away', { retry: true })
    return super.find(person_ids)
  }
}

function given(keys: PersonKeys = new MemoryPersonKeys(), more: { known_max?: number; line?: Line } = {}) {
  const env = new SteppedEnv()
  return { env, keys, vault: openVault({ keys, masters: mastersOf([master]), env, ...more }) }
}

const noteOf = async (vault: ReturnType<typeof given>['vault'], note: string, person_id = mei) =>
  ((await vault.seal('booking.note', { note }, person_id)) as { note: string }).note

const address = { line1: '1 Jalan Satu', line2: '', city: 'Johor Bahru', latitude: 1, longitude: 2 }
const request = {
  pet_spec: {
    name: 'Oyen',
    special_needs: 'shy',
    vaccinations: [{ vaccine_name: 'F3', vet_name: 'Dr Lim' }],
    photo_url: '',
  },
  pickup_address: address,
  dropoff_address: { ...address, line1: '2 Jalan Dua' },
  scheduled_at: null,
  notes: 'ring twice',
}

test('PD8 of a command the personal texts alone are sealed, at every depth, and open to what was said', async () => {
  const { vault } = given()
  const sealed = await vault.seal('booking.request', request, mei)
  const text = JSON.stringify(sealed)
  for (const said of ['1 Jalan Satu', '2 Jalan Dua', 'shy', 'Dr Lim', 'ring twice'])
    expect(text).not.toContain(said)
  expect(sealed).toMatchObject({
    pet_spec: { name: 'Oyen', vaccinations: [{ vaccine_name: 'F3' }], photo_url: '' },
    pickup_address: { line2: '', city: 'Johor Bahru', latitude: 1 },
    scheduled_at: null,
  })
  expect(await vault.open(sealed)).toEqual(request)
  expect(vault.openNow(sealed)).toEqual(request)
  const plain = { latitude: 1, longitude: 2 }
  expect(await vault.seal('runner.go_online', plain, mei)).toBe(plain)
})

test('PD8 what is empty needs no key, and a menu’s own word stays readable', async () => {
  const keys = new Flaky()
  const { vault } = given(keys)
  expect(await vault.seal('booking.cancel', { reason: '' }, mei)).toEqual({ reason: '' })
  expect(await vault.seal('booking.cancel', { reason: 'changed_mind' }, mei)).toEqual({
    reason: 'changed_mind',
  })
  expect(keys.asked).toBe(0)
  const { reason } = (await vault.seal('booking.cancel', { reason: 'other: my son is ill' }, mei)) as {
    reason: string
  }
  expect(reason.startsWith(sealedPrefix(mei))).toBe(true)
})

test('PD9 the same text of the same person and field is the same sealed text; any other is another', async () => {
  const { vault } = given()
  const key = new Uint8Array(32).fill(7)
  const { seal } = cipherOf(mei, key)
  expect(await noteOf(vault, 'ring twice')).toBe(await noteOf(vault, 'ring twice'))
  const all = [
    seal('note', 'ring twice'),
    seal('note', 'ring once'),
    seal('notes', 'ring twice'),
    cipherOf(ali, key).seal('note', 'ring twice'),
    cipherOf(mei, new Uint8Array(32).fill(8)).seal('note', 'ring twice'),
  ]
  expect(new Set(all).size).toBe(all.length)
})

test.each(['x', '漢'.repeat(500), '😀'.repeat(250), 'a\0b\n"\\', '\ud800'])(
  'PD9 a sealed text keeps its length and its bound, whatever it says: %#',
  async (said) => {
    const { vault } = given()
    const sealed = await noteOf(vault, said)
    expect(charactersOf(sealed)).toBe(said.length)
    expect(sealed.length).toBeLessThanOrEqual(sealedMax(said.length))
    expect(await vault.open({ sealed })).toEqual({ sealed: Buffer.from(said).toString() })
  },
)

test('PD10 a text that was changed, or put under another name or length, opens to nothing', async () => {
  const { vault } = given()
  const sealed = await noteOf(vault, 'ring twice')
  await noteOf(vault, 'something', ali)
  // What was opened lately is remembered, and opens no forgery.
  expect(await vault.open(sealed)).toBe('ring twice')
  const last = sealed.at(-2) === 'A' ? 'B' : 'A'
  const forged = [
    sealed.slice(0, -2) + last + sealed.slice(-1),
    sealed.replace(mei, ali),
    sealed.replace('.10.', '.11.'),
    sealed.slice(0, -4),
  ]
  for (const each of forged) expect(await vault.open(each), each).toBe('')
  expect(await vault.open(`(${sealed})\n${sealed}`)).toBe('(ring twice)\nring twice')
  expect(await vault.open(`${forged[0]}\n${forged[1]}`)).toBe('')
  expect(await vault.open(`because ${forged[0]}`)).toBe('because ')
})

test('PD11 what looks sealed is refused where nothing is sealed, and is a text like any other where it is', async () => {
  const { vault } = given()
  const stolen = await noteOf(vault, 'ring twice', ali)
  const city = { ...request, dropoff_address: { ...address, city: `x ${stolen}` } }
  expect(await vault.seal('booking.request', city, mei)).toEqual({
    rejected: 'request.malformed',
    detail: 'dropoff_address.city must not look like a sealed text',
  })
  const sealed = await noteOf(vault, stolen)
  expect(await vault.open(sealed)).toBe(stolen)
  expect(holdsSealed(await vault.open(sealed))).toBe(true)
})

test('PD12 an erased person’s texts are empty on every thread within a refresh, and nothing is sealed under his name again', async () => {
  const keys = new MemoryPersonKeys()
  const [one, other] = [given(keys), given(keys)]
  const sealed = await noteOf(one.vault, 'ring twice')
  expect(await other.vault.open(sealed)).toBe('ring twice')
  await keys.erase(mei, other.env.now_ms())
  await other.env.advance(limits.erased.refresh_ms)
  expect(other.vault.openNow(sealed)).toBe('')
  await one.vault.refresh()
  expect(await one.vault.open(sealed)).toBe('')
  expect(await one.vault.seal('booking.note', { note: 'again' }, mei)).toMatchObject({
    rejected: 'account.not_found',
  })
  expect(await noteOf(one.vault, 'hello', ali)).toContain(ali)
  const { vault: newcomer } = given(keys)
  expect(await newcomer.open(sealed)).toBe('')
})

test('PD13 while the database is away those who are known go on, and the others are told to come again', async () => {
  const keys = new Flaky()
  const maker = given(keys)
  const [known, unknown] = [await noteOf(maker.vault, 'one'), await noteOf(maker.vault, 'two', ali)]
  const { vault } = given(keys)
  expect(await vault.open(known)).toBe('one')
  keys.away = true
  expect(await vault.open(known)).toBe('one')
  expect(await noteOf(vault, 'three')).toContain(mei)
  await expect(vault.open({ known, unknown })).rejects.toMatchObject({ retry: true })
  await expect(vault.seal('booking.note', { note: 'x' }, ali)).rejects.toMatchObject({ retry: true })
  expect(await vault.openOrLeaveOut({ unknown, n: 1 })).toEqual({ unknown: '', n: 1 })
  expect(vault.openNow({ unknown })).toBeUndefined()
  keys.away = false
  expect(await vault.open({ known, unknown })).toEqual({ known: 'one', unknown: 'two' })
})

test('PD14 a thread remembers a bounded number of people, and hears of keys from the others', async () => {
  const keys = new Flaky()
  const told: KeptKey[] = []
  const listeners: ((kept: KeptKey) => void)[] = []
  const line: Line = {
    tell: (kept) => void told.push(kept),
    onTold: (call) => void listeners.push(call),
    close() {},
  }
  const { vault } = given(keys, { known_max: 1, line })
  const sealed = await noteOf(vault, 'one')
  await noteOf(vault, 'two', ali)
  expect(vault.openNow(sealed)).toBeUndefined()
  expect(told.map(({ person_id }) => person_id)).toEqual([mei, ali])
  keys.away = true
  for (const call of listeners) for (const kept of told.slice(0, 1)) call(kept)
  await expect(vault.open(sealed)).resolves.toBe('one')
})

test('PD15 a master is replaced without anybody noticing, and a wrong one is found at once', async () => {
  const keys = new MemoryPersonKeys()
  const env = new SteppedEnv()
  const [old, fresh] = [freshMaster(), freshMaster()]
  const before = openVault({ keys, masters: mastersOf([old]), env })
  const sealed = await noteOf(before, 'ring twice')
  await noteOf(before, 'x', ali)
  const both = mastersOf([fresh, old])
  expect(await rewrapKeys({ keys, masters: both })).toBe(2)
  expect(await rewrapKeys({ keys, masters: both })).toBe(0)
  const alone = mastersOf([fresh])
  await checkMasters({ keys, masters: alone })
  expect(await openVault({ keys, masters: alone, env }).open(sealed)).toBe('ring twice')
  const wrong = { keys, masters: mastersOf([old]) }
  await expect(checkMasters(wrong)).rejects.toThrow('PERSONAL_KEY')
  await expect(openVault({ ...wrong, env }).open(sealed)).rejects.toThrow(Fault)
  await expect(rewrapKeys(wrong)).rejects.toThrow('PERSONAL_KEY')
})

test('PD16 the first start makes a master that its owner alone may read, and all threads get the same one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-masters-'))
  try {
    const [one, other] = await Promise.all([loadMasters([], dir), loadMasters([], dir)])
    const key = new Uint8Array(32).fill(3)
    expect(other?.unwrap(mei, one.wrap(mei, key))).toEqual({ key: Buffer.from(key), stale: false })
    expect(other?.unwrap(ali, one.wrap(mei, key))).toBeUndefined()
    expect((await stat(join(dir, 'personal-key'))).mode & 0o777).toBe(0o600)
    const given_one = await loadMasters([freshMaster()], dir)
    expect(given_one.unwrap(mei, one.wrap(mei, key))).toBeUndefined()
    expect(() => mastersOf(['short'])).toThrow('master key 1 is not 32 bytes')
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
