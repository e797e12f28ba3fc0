/** What every store of accounts promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Account, Accounts, RefreshToken } from '../protocols/accounts.ts'

interface OpenAccounts {
  readonly accounts: Accounts
  close(): Promise<void>
}

const grace_ms = 10_000
const now_ms = Date.UTC(2026, 0, 15, 10, 0, 0, 123)
const expires_ms = now_ms + 3_600_000
const userId = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const hashOf = (number: number) => new Uint8Array(32).fill(number)

function accountOf(number: number, more: Partial<Account> = {}): Account {
  return {
    id: userId(number),
    email: `user${number}@example.com`,
    phone: '+60123',
    full_name: `User ${number}`,
    role: 'owner',
    is_verified: false,
    avatar_url: '',
    password_hash: '$argon2id$v=19$…',
    version: 1,
    created_ms: now_ms,
    ...more,
  }
}

type Subject = () => Accounts

/** An account with one refresh token, whose hash is made of its number. */
async function loggedIn(accounts: Accounts, number: number): Promise<RefreshToken> {
  const token = { hash: hashOf(number), family: userId(1_000 + number), user_id: userId(number), expires_ms }
  await accounts.create(accountOf(number))
  await accounts.storeRefresh(token)
  return token
}

const rotate = (accounts: Accounts, from: number, to: number, at_ms = now_ms) =>
  accounts.rotateRefresh(hashOf(from), { hash: hashOf(to), expires_ms }, at_ms, grace_ms)

/** Runs the suite. `open` gives a store without accounts; one serves the whole suite. */
export function accountsContract(name: string, open: () => Promise<OpenAccounts>): void {
  describe(`the accounts (${name})`, () => {
    let opened: OpenAccounts | undefined
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(() => opened?.close())
    const subject = () => {
      if (!opened) throw new Error('the accounts are not open')
      return opened.accounts
    }
    keeping(subject)
    rotating(subject)
    revoking(subject)
    banning(subject)
    resetting(subject)
    overseeing(subject)
  })
}

function keeping(subject: Subject): void {
  test('AC1 an account is found by its email and its id as it was created', async () => {
    const account = accountOf(1, { role: 'runner', avatar_url: 'https://x/y.png' })
    expect(await subject().create(account)).toBe(true)
    expect(await subject().byEmail(account.email)).toEqual(account)
    expect(await subject().byId(account.id)).toEqual(account)
    expect(await subject().byEmail('nobody@example.com')).toBeUndefined()
    expect(await subject().byId(userId(999))).toBeUndefined()
  })

  test('AC2 an email belongs to one account, also when two ask at once', async () => {
    const tries = [2, 3, 4, 5].map((number) =>
      subject().create(accountOf(number, { email: 'same@example.com' })),
    )
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
  })

  test('AC3 a change leaves absent fields and counts one version', async () => {
    await subject().create(accountOf(6))
    const changed = { ...accountOf(6), full_name: 'New Name', version: 2 }
    expect(await subject().update(userId(6), { full_name: 'New Name' })).toEqual(changed)
    expect(await subject().update(userId(6), { phone: '', avatar_url: 'a' })).toEqual({
      ...changed,
      phone: '',
      avatar_url: 'a',
      version: 3,
    })
    expect(await subject().update(userId(998), { phone: '1' })).toBeUndefined()
  })
}

function rotating(subject: Subject): void {
  test('AC4 a refresh token is spent by the first rotation, and the next one takes its place', async () => {
    await loggedIn(subject(), 10)
    expect(await rotate(subject(), 10, 11)).toEqual({ outcome: 'rotated', account: accountOf(10) })
    expect((await rotate(subject(), 11, 12)).outcome).toBe('rotated')
    expect(await rotate(subject(), 99, 98)).toEqual({ outcome: 'unknown' })
  })

  test('AC5 within the grace a spent token still gives a new one', async () => {
    await loggedIn(subject(), 20)
    await rotate(subject(), 20, 21)
    expect(await rotate(subject(), 20, 22, now_ms + grace_ms - 1)).toMatchObject({ outcome: 'grace' })
    expect((await rotate(subject(), 21, 23)).outcome).toBe('rotated')
    expect((await rotate(subject(), 22, 24)).outcome).toBe('rotated')
  })

  test('AC6 a spent token that comes back after the grace ends its whole family', async () => {
    await loggedIn(subject(), 30)
    await subject().storeRefresh({ hash: hashOf(39), family: userId(1_039), user_id: userId(30), expires_ms })
    await rotate(subject(), 30, 31)
    expect(await rotate(subject(), 30, 32, now_ms + grace_ms + 1)).toEqual({ outcome: 'reused' })
    expect(await rotate(subject(), 31, 33)).toEqual({ outcome: 'revoked' })
    expect(await rotate(subject(), 30, 34)).toEqual({ outcome: 'revoked' })
    expect(await rotate(subject(), 32, 35)).toEqual({ outcome: 'unknown' })
    expect((await rotate(subject(), 39, 38)).outcome).toBe('rotated')
  })

  test('AC7 an expired token gives nothing', async () => {
    await loggedIn(subject(), 40)
    expect(await rotate(subject(), 40, 41, expires_ms)).toEqual({ outcome: 'expired' })
    expect(await rotate(subject(), 41, 42)).toEqual({ outcome: 'unknown' })
  })

  test('AC8 of many rotations of one token at once exactly one is the rotation', async () => {
    await loggedIn(subject(), 50)
    const rotations = Array.from({ length: 12 }, (_, index) =>
      rotate(subject(), 50, 51 + index, now_ms + index),
    )
    const outcomes = (await Promise.all(rotations)).map(({ outcome }) => outcome)
    expect(outcomes.filter((outcome) => outcome === 'rotated')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'grace')).toHaveLength(11)
  })
}

function revoking(subject: Subject): void {
  test('AC9 a logout ends every refresh token of the user and nobody else', async () => {
    await loggedIn(subject(), 70)
    await loggedIn(subject(), 80)
    await rotate(subject(), 70, 71)
    await subject().revokeRefresh(userId(70), now_ms)
    expect(await rotate(subject(), 71, 72)).toEqual({ outcome: 'revoked' })
    expect((await rotate(subject(), 80, 81)).outcome).toBe('rotated')
  })

  test('AC10 a logout also ends a token that is being made at the same time', async () => {
    await loggedIn(subject(), 90)
    const made = rotate(subject(), 90, 91)
    const ended = subject().revokeRefresh(userId(90), now_ms)
    await Promise.all([made, ended])
    expect(['revoked', 'unknown']).toContain((await rotate(subject(), 91, 92)).outcome)
  })
}

function banning(subject: Subject): void {
  test('AC13 a ban ends every refresh token of the user, and keeps its first time', async () => {
    await loggedIn(subject(), 100)
    expect(await subject().ban(userId(100), now_ms)).toMatchObject({ banned_ms: now_ms })
    expect(await subject().ban(userId(100), now_ms + 5_000)).toMatchObject({ banned_ms: now_ms })
    expect((await subject().byId(userId(100)))?.banned_ms).toBe(now_ms)
    expect(await rotate(subject(), 100, 101)).toEqual({ outcome: 'revoked' })
    expect(await subject().ban(userId(997), now_ms)).toBeUndefined()
  })

  test('AC13 a token that was stored after the ban gives nothing', async () => {
    await subject().create(accountOf(102))
    await subject().ban(userId(102), now_ms)
    await subject().storeRefresh({
      hash: hashOf(102),
      family: userId(1_102),
      user_id: userId(102),
      expires_ms,
    })
    expect(await rotate(subject(), 102, 103)).toEqual({ outcome: 'revoked' })
  })

  test('AC14 who was banned lately is told, newest first and bounded', async () => {
    const since_ms = now_ms + 1_000_000
    for (const number of [110, 111, 112]) {
      await subject().create(accountOf(number))
      await subject().ban(userId(number), since_ms + number)
    }
    expect(await subject().bannedSince(since_ms + 111, 10)).toEqual([userId(112), userId(111)])
    expect(await subject().bannedSince(since_ms, 1)).toEqual([userId(112)])
    expect(await subject().bannedSince(since_ms + 113, 10)).toEqual([])
  })
}

function resetting(subject: Subject): void {
  const reset = (number: number, at_ms = now_ms) =>
    subject().resetPassword(hashOf(number), `hash-${number}`, at_ms)

  test('AC15 a reset sets the password once and ends every refresh token', async () => {
    await loggedIn(subject(), 120)
    await subject().putReset({ hash: hashOf(121), user_id: userId(120), expires_ms })
    expect(await reset(121)).toMatchObject({ id: userId(120), password_hash: 'hash-121', version: 2 })
    expect(await reset(121)).toBeUndefined()
    expect(await rotate(subject(), 120, 122)).toEqual({ outcome: 'revoked' })
    expect(await reset(250)).toBeUndefined()
  })

  test('AC15 a newer reset takes the place of an older one, and one that has expired changes nothing', async () => {
    await subject().create(accountOf(130))
    await subject().putReset({ hash: hashOf(131), user_id: userId(130), expires_ms })
    await subject().putReset({ hash: hashOf(132), user_id: userId(130), expires_ms })
    expect(await reset(131)).toBeUndefined()
    expect(await reset(132, expires_ms)).toBeUndefined()
    expect((await subject().byId(userId(130)))?.password_hash).toBe(accountOf(130).password_hash)
  })
}

function overseeing(subject: Subject): void {
  test('AC16 a role is given by email, accounts are listed newest first and counted by role', async () => {
    const late_ms = now_ms + 9_000_000
    const known = await subject().countByRole()
    for (const number of [140, 141, 142])
      await subject().create(accountOf(number, { role: 'shop', created_ms: late_ms + number }))
    expect((await subject().countByRole()).shop).toBe((known.shop ?? 0) + 3)
    const first = await subject().page(1, 2)
    expect(first.items.map(({ id }) => id)).toEqual([userId(142), userId(141)])
    expect((await subject().page(2, 2)).items[0]?.id).toBe(userId(140))
    expect(first.total).toBe(Object.values(await subject().countByRole()).reduce((sum, one) => sum + one, 0))
    expect(await subject().setRole('user140@example.com', 'admin')).toMatchObject({
      role: 'admin',
      version: 2,
    })
    expect((await subject().byId(userId(140)))?.role).toBe('admin')
    expect(await subject().setRole('nobody@example.com', 'admin')).toBeUndefined()
  })
}
