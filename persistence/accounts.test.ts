import { afterAll, expect, test } from 'vitest'
import { accountsContract } from '../engine/accounts.contract.ts'
import { openAccounts } from './accounts.ts'
import { openInbox } from './inbox.ts'
import { sharedTestDatabase } from './migrated.ts'
import { closeSql, openSql } from './pg.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())

accountsContract('PostgreSQL', async () => ({
  accounts: openAccounts((await database.open()).sql),
  close: async () => undefined,
}))

const user_id = '00000000-0000-4000-8000-0000000f0001'
const account = {
  id: user_id,
  email: 'mina@example.com',
  phone: '',
  full_name: 'Mina\0',
  role: 'owner',
  is_verified: false,
  avatar_url: '',
  password_hash: 'x',
  version: 1,
  created_ms: 5,
} as const

test('AC11 tokens that have expired are forgotten, and letters that cannot be stored are replaced', async () => {
  const { sql } = await database.open()
  const accounts = openAccounts(sql)
  await accounts.create(account)
  expect((await accounts.byId(user_id))?.full_name).toBe('Mina\uFFFD')
  const hash = (value: number) => new Uint8Array(32).fill(value)
  const family = '00000000-0000-4000-8000-0000000f0002'
  await accounts.storeRefresh({ hash: hash(201), family, user_id, expires_ms: 1_000 })
  await accounts.storeRefresh({ hash: hash(202), family, user_id, expires_ms: 9_000 })
  await accounts.rotateRefresh(hash(202), { hash: hash(203), expires_ms: 9_000 }, 2_000, 10)
  const rows = await sql`SELECT get_byte(hash, 0) AS first FROM refresh_tokens WHERE user_id = ${user_id}`
  expect(rows.map(({ first }) => first).sort()).toEqual([202, 203])
})

test('AC12 without a database every call ends in a fault that may be tried again and names no person', async () => {
  const sql = openSql({ url: 'postgres://nobody@127.0.0.1:1/none', max: 1, application_name: 'test' })
  const accounts = openAccounts(sql)
  const away = { name: 'Fault', retry: true }
  await expect(accounts.create(account)).rejects.toMatchObject(away)
  await expect(accounts.byEmail(account.email)).rejects.toMatchObject({
    ...away,
    message: expect.not.stringContaining('mina'),
  })
  await closeSql(sql)
})

test('PJ14 a notice is kept once however often its effect is carried out', async () => {
  const { sql } = await database.open()
  const inbox = openInbox(sql)
  const booking_id = '00000000-0000-4000-8000-0000000f0003'
  const notice = { effect_id: '3:7:0:0', user_id, template: 'delivered', booking_id, at_ms: 1_700 } as const
  await Promise.all([inbox.add(notice), inbox.add(notice)])
  await inbox.add({ ...notice, at_ms: 9_999 })
  await inbox.add({ ...notice, effect_id: '3:7:1:0' })
  const rows =
    await sql`SELECT event_type, booking_id, created_at FROM notifications WHERE user_id = ${user_id}`
  expect(rows.map(({ created_at }) => created_at.getTime())).toEqual([1_700, 1_700])
  expect(rows[0]).toMatchObject({ event_type: 'delivered', booking_id })
})
