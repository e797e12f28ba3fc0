// Who may log in, and the refresh tokens that keep them so: rows that are written before the answer.
import type { Account, Accounts, RefreshToken, Rotation } from '../protocols/accounts.ts'
import { attempt, inTransaction, type Sql, type Transaction } from './pg.ts'
import { storable } from './records.ts'

type AccountRow = Omit<Account, 'created_ms' | 'banned_ms'> & {
  readonly created_at: Date
  readonly banned_at: Date | null
}

interface TokenRow {
  readonly family: string
  readonly expires_at: Date
  readonly spent_at: Date | null
  readonly revoked: boolean
}

const account = ({ created_at, banned_at, ...row }: AccountRow): Account => ({
  ...row,
  created_ms: created_at.getTime(),
  banned_ms: banned_at?.getTime(),
})
const found = (rows: readonly AccountRow[]): Account | undefined => rows[0] && account(rows[0])

/** Its texts as they can be stored. */
const cleaned = <Fields extends Partial<Account>>(fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? storable(value) : value,
    ]),
  ) as Fields

const columns = (sql: Sql | Transaction) =>
  sql`id, email, phone, full_name, role, is_verified, avatar_url, password_hash, version, created_at, banned_at`

/** Changes to a user's tokens happen one after the other, so that a logout also ends a token that is just being made. */
const holdOwner = (tx: Transaction, hash: Uint8Array) => tx<AccountRow[]>`
  SELECT ${columns(tx)} FROM users WHERE id = (SELECT user_id FROM refresh_tokens WHERE hash = ${hash}) FOR UPDATE`

const insertToken = (tx: Transaction, token: RefreshToken) => tx`
  INSERT INTO refresh_tokens (hash, family, user_id, expires_at)
  VALUES (${token.hash}, ${token.family}, ${token.user_id}, ${new Date(token.expires_ms)})`

function refusalOf(
  token: TokenRow,
  now_ms: number,
  grace_ms: number,
): 'revoked' | 'expired' | 'reused' | undefined {
  if (token.revoked) return 'revoked'
  if (token.expires_at.getTime() <= now_ms) return 'expired'
  const spent_ms = token.spent_at?.getTime()
  return spent_ms !== undefined && now_ms - spent_ms >= grace_ms ? 'reused' : undefined
}

async function rotate(
  tx: Transaction,
  hash: Uint8Array,
  next: Pick<RefreshToken, 'hash' | 'expires_ms'>,
  now_ms: number,
  grace_ms: number,
): Promise<Rotation> {
  const owner = found(await holdOwner(tx, hash))
  if (!owner) return { outcome: 'unknown' }
  const [token] = await tx<TokenRow[]>`
    SELECT family, expires_at, spent_at, revoked FROM refresh_tokens WHERE hash = ${hash}`
  if (!token) return { outcome: 'unknown' }
  if (owner.banned_ms !== undefined) return { outcome: 'revoked' }
  const refusal = refusalOf(token, now_ms, grace_ms)
  if (refusal === 'reused') await tx`UPDATE refresh_tokens SET revoked = true WHERE family = ${token.family}`
  if (refusal) return { outcome: refusal }
  await tx`UPDATE refresh_tokens SET spent_at = coalesce(spent_at, ${new Date(now_ms)}) WHERE hash = ${hash}`
  // Nobody can use what has expired: without this a user's rows would grow with every refresh.
  await tx`DELETE FROM refresh_tokens WHERE user_id = ${owner.id} AND expires_at <= ${new Date(now_ms)}`
  await insertToken(tx, { family: token.family, user_id: owner.id, ...next })
  return { outcome: token.spent_at ? 'grace' : 'rotated', account: owner }
}

/** Accounts in the tables `users` and `refresh_tokens`. Every method rejects with a Fault when the database is away. */
export function openAccounts(sql: Sql): Accounts {
  return {
    create: (new_account) =>
      attempt('creating an account', async () => {
        const { created_ms, banned_ms: _, ...row } = cleaned(new_account)
        const created_at = new Date(created_ms)
        const made = await sql`
          INSERT INTO users ${sql({ ...row, created_at, updated_at: created_at })}
          ON CONFLICT DO NOTHING RETURNING id`
        return made.length > 0
      }),

    byEmail: (email) =>
      attempt('finding an account', async () =>
        found(await sql<AccountRow[]>`SELECT ${columns(sql)} FROM users WHERE email = ${storable(email)}`),
      ),

    byId: (id) =>
      attempt('finding an account', async () =>
        found(await sql<AccountRow[]>`SELECT ${columns(sql)} FROM users WHERE id = ${id}`),
      ),

    update: (id, change) =>
      attempt('changing an account', async () => {
        const { full_name, phone, avatar_url } = cleaned(change)
        return found(
          await sql<AccountRow[]>`
            UPDATE users SET full_name = coalesce(${full_name ?? null}, full_name),
              phone = coalesce(${phone ?? null}, phone), avatar_url = coalesce(${avatar_url ?? null}, avatar_url),
              version = version + 1, updated_at = now()
            WHERE id = ${id} RETURNING ${columns(sql)}`,
        )
      }),

    storeRefresh: (token) =>
      inTransaction(sql, 'storing a refresh token', async (tx) => {
        await tx`SELECT 1 FROM users WHERE id = ${token.user_id} FOR UPDATE`
        await insertToken(tx, token)
      }),

    rotateRefresh: (hash, next, now_ms, grace_ms) =>
      inTransaction(sql, 'rotating a refresh token', (tx) => rotate(tx, hash, next, now_ms, grace_ms)),

    revokeRefresh: (user_id) =>
      inTransaction(sql, 'revoking refresh tokens', async (tx) => {
        await tx`SELECT 1 FROM users WHERE id = ${user_id} FOR UPDATE`
        await endTokens(tx, user_id)
      }),

    ...moderation(sql),
    ...recovery(sql),
  }
}

/** The row of the user must be held: a token that is just being made waits for that, and is ended too. */
async function endTokens(tx: Transaction, user_id: string): Promise<void> {
  await tx`UPDATE refresh_tokens SET revoked = true WHERE user_id = ${user_id} AND NOT revoked`
  await tx`DELETE FROM grants WHERE account_id = ${user_id}`
}

type Moderation = Pick<Accounts, 'ban' | 'bannedSince' | 'setRole' | 'page' | 'countByRole'>

const moderation = (sql: Sql): Moderation => ({
  ban: (id, now_ms) =>
    inTransaction(sql, 'banning an account', async (tx) => {
      const banned = found(
        await tx<AccountRow[]>`
          UPDATE users SET banned_at = coalesce(banned_at, ${new Date(now_ms)}), version = version + 1,
            updated_at = now()
          WHERE id = ${id} RETURNING ${columns(tx)}`,
      )
      if (banned) await endTokens(tx, id)
      return banned
    }),

  bannedSince: (since_ms, max) =>
    attempt('listing bans', async () => {
      const rows = await sql<{ id: string }[]>`
        SELECT id FROM users WHERE banned_at >= ${new Date(since_ms)} ORDER BY banned_at DESC LIMIT ${max}`
      return rows.map(({ id }) => id)
    }),

  setRole: (email, role) =>
    attempt('giving a role', async () =>
      found(
        await sql<AccountRow[]>`
          UPDATE users SET role = ${role}, version = version + 1, updated_at = now()
          WHERE email = ${storable(email)} RETURNING ${columns(sql)}`,
      ),
    ),

  page: (page, limit) =>
    attempt('listing accounts', async () => {
      const [rows, counted] = await Promise.all([
        sql<AccountRow[]>`
          SELECT ${columns(sql)} FROM users ORDER BY created_at DESC, id DESC
          LIMIT ${limit} OFFSET ${(page - 1) * limit}`,
        sql<{ total: number }[]>`SELECT count(*) AS total FROM users`,
      ])
      return { items: rows.map(account), total: counted[0]?.total ?? 0 }
    }),

  countByRole: () =>
    attempt('counting accounts', async () => {
      const rows = await sql<{ role: string; total: number }[]>`
        SELECT role, count(*) AS total FROM users GROUP BY role`
      return Object.fromEntries(rows.map(({ role, total }) => [role, total]))
    }),
})

type Recovery = Pick<Accounts, 'putReset' | 'resetPassword'>

const recovery = (sql: Sql): Recovery => ({
  putReset: ({ hash, user_id, expires_ms }) =>
    inTransaction(sql, 'keeping a password reset', async (tx) => {
      await tx`SELECT 1 FROM users WHERE id = ${user_id} FOR UPDATE`
      await tx`DELETE FROM password_resets WHERE user_id = ${user_id}`
      await tx`
        INSERT INTO password_resets (hash, user_id, expires_at)
        VALUES (${hash}, ${user_id}, ${new Date(expires_ms)})`
    }),

  resetPassword: (hash, password_hash, now_ms) =>
    inTransaction(sql, 'resetting a password', async (tx) => {
      const [spent] = await tx<{ user_id: string; expires_at: Date }[]>`
        DELETE FROM password_resets WHERE hash = ${hash} RETURNING user_id, expires_at`
      if (!spent || spent.expires_at.getTime() <= now_ms) return undefined
      const changed = found(
        await tx<AccountRow[]>`
          UPDATE users SET password_hash = ${password_hash}, version = version + 1, updated_at = now()
          WHERE id = ${spent.user_id} RETURNING ${columns(tx)}`,
      )
      await endTokens(tx, spent.user_id)
      return changed
    }),
})
