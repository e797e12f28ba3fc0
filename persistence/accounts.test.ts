import { afterAll, expect, test } from 'vitest'
import { accountsContract } from '../engine/accounts.contract.ts'
import { openAccounts } from './accounts.ts'
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
