/** What every memory of the Security Token Service promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GrantRecord, Grants } from '../protocols/grants.ts'

interface OpenGrants {
  readonly grants: Grants
  close(): Promise<void>
}

const now_ms = Date.UTC(2026, 0, 15, 10, 0, 0, 123)
const expires_ms = now_ms + 60_000
const hashOf = (number: number) => new Uint8Array(32).fill(number)

const recordOf = (number: number, more: Partial<GrantRecord> = {}): GrantRecord => ({
  model: 'RefreshToken',
  hash: hashOf(number),
  payload: { number, scope: 'openid "quoted" \\ ü' },
  expires_ms,
  ...more,
})

/** Runs the suite. `open` gives an empty memory; one serves the whole suite. */
export function grantsContract(name: string, open: () => Promise<OpenGrants>): void {
  describe(`the grants (${name})`, () => {
    let opened: OpenGrants | undefined
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(() => opened?.close())
    const subject = () => {
      if (!opened) throw new Error('the grants are not open')
      return opened.grants
    }
    keeping(subject)
    ending(subject)
  })
}

function keeping(subject: () => Grants): void {
  const find = (number: number, model = 'RefreshToken', at_ms = now_ms) =>
    subject().find(model, hashOf(number), at_ms)

  test('ST1 a record is found by model and hash as it was put, and by its uid, until it expires', async () => {
    const record = recordOf(1, { uid: 'session-1' })
    await subject().put(record)
    expect(await find(1)).toEqual({ payload: record.payload, consumed_ms: undefined })
    expect(await subject().findByUid('RefreshToken', 'session-1', now_ms)).toMatchObject({
      payload: record.payload,
    })
    expect(await find(1, 'Session')).toBeUndefined()
    expect(await find(1, 'RefreshToken', expires_ms)).toBeUndefined()
    expect(await subject().findByUid('RefreshToken', 'session-1', expires_ms)).toBeUndefined()
    expect(await find(99)).toBeUndefined()
  })

  test('ST1 a record that is put again takes the place of the first', async () => {
    await subject().put(recordOf(2))
    await subject().put(recordOf(2, { payload: { other: true }, expires_ms: expires_ms + 1_000 }))
    expect(await find(2, 'RefreshToken', expires_ms)).toMatchObject({ payload: { other: true } })
  })

  test('ST2 of many who use one record at once exactly one is told that it was first', async () => {
    await subject().put(recordOf(3))
    const used = await Promise.all(
      Array.from({ length: 8 }, () => subject().consume('RefreshToken', hashOf(3), now_ms)),
    )
    expect(used.filter(Boolean)).toHaveLength(1)
    expect(await find(3)).toMatchObject({ consumed_ms: now_ms })
    expect(await subject().consume('RefreshToken', hashOf(98), now_ms)).toBe(false)
  })
}

function ending(subject: () => Grants): void {
  test('ST3 a revoked grant takes all that belongs to it along, and nothing else', async () => {
    const [one, other] = [hashOf(201), hashOf(202)]
    await subject().put(recordOf(10, { grant_hash: one }))
    await subject().put(recordOf(11, { model: 'AuthorizationCode', grant_hash: one }))
    await subject().put(recordOf(12, { grant_hash: other }))
    await subject().revokeGrant(one)
    expect(await subject().find('RefreshToken', hashOf(10), now_ms)).toBeUndefined()
    expect(await subject().find('AuthorizationCode', hashOf(11), now_ms)).toBeUndefined()
    expect(await subject().find('RefreshToken', hashOf(12), now_ms)).toBeDefined()
    await subject().remove('RefreshToken', hashOf(12))
    expect(await subject().find('RefreshToken', hashOf(12), now_ms)).toBeUndefined()
  })

  test('ST4 what has expired is forgotten, a bounded number at a time', async () => {
    const late_ms = now_ms - 1_000_000
    for (const number of [20, 21, 22]) await subject().put(recordOf(number, { expires_ms: late_ms }))
    expect(await subject().sweep(late_ms - 1, 10)).toBe(0)
    expect(await subject().sweep(late_ms, 2)).toBe(2)
    expect(await subject().sweep(late_ms, 2)).toBe(1)
    expect(await subject().sweep(late_ms, 2)).toBe(0)
  })
}
