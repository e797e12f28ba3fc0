// Forgetting a person: his key, and every plain row that is about him.
import { randomBytes } from 'node:crypto'
import type { Erasure, Person } from '../protocols/erasure.ts'
import { eraseKey } from './person_keys.ts'
import { attempt, inTransaction, type Sql, type Transaction } from './pg.ts'
import { storable } from './records.ts'

interface PersonRow {
  readonly id: string
  readonly email: string
  readonly phone: string
  readonly full_name: string
  readonly erased: boolean
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ties_shown_max = 20

/** Erasure over the tables of accounts, records and projections. */
export function openErasure(sql: Sql): Erasure {
  return {
    person: (name) =>
      attempt('finding a person', async () => {
        const known_as = name.trim().toLowerCase()
        const which = uuid.test(known_as) ? sql`u.id = ${known_as}` : sql`u.email = ${storable(known_as)}`
        const [row] = await sql<PersonRow[]>`
          SELECT u.id, u.email, u.phone, u.full_name, k.erased_at IS NOT NULL AS erased
          FROM users AS u LEFT JOIN person_keys AS k ON k.person_id = u.id WHERE ${which}`
        return row && { ...row }
      }),

    ties: (id) =>
      attempt('looking for ties', async () => {
        const rows = await sql<{ tie: string }[]>`
          SELECT 'booking ' || booking_number || ' is ' || status AS tie FROM bookings
            WHERE (owner_id = ${id} OR runner_id = ${id}) AND status NOT IN ('completed', 'cancelled')
          UNION ALL
          SELECT 'the money of booking ' || booking_number || ' is ' || escrow_status AS tie FROM payments
            WHERE (owner_id = ${id} OR runner_id = ${id}) AND escrow_status IN ('pending', 'held')
          ORDER BY tie LIMIT ${ties_shown_max}`
        return rows.map(({ tie }) => tie)
      }),

    namesakes: ({ id, full_name, phone }) =>
      attempt('looking for namesakes', async () => {
        const [counts] = await sql<{ full_name: number; phone: number }[]>`
          SELECT count(*) FILTER (WHERE full_name = ${full_name}) AS full_name,
            count(*) FILTER (WHERE phone = ${phone}) AS phone FROM users WHERE id <> ${id}`
        return { full_name: counts?.full_name ?? 0, phone: counts?.phone ?? 0 }
      }),

    erase: (person, now_ms) => inTransaction(sql, 'erasing a person', (tx) => erase(tx, person, now_ms)),
  }
}

async function erase(
  tx: Transaction,
  person: Person,
  now_ms: number,
): Promise<Readonly<Record<string, number>>> {
  const { id } = person
  await tx`SELECT 1 FROM users WHERE id = ${id} FOR UPDATE`
  await eraseKey(tx, id, now_ms)
  const rows: Record<string, number> = {}
  for (const [table, statement] of Object.entries(statements))
    rows[table] = (await statement(tx, person)).count
  const account = await tx`
    UPDATE users SET email = ${`erased-${id}@erased.invalid`}, phone = '', full_name = '', avatar_url = '',
      password_hash = ${noPassword()}, is_verified = false, banned_at = coalesce(banned_at, ${new Date(now_ms)}),
      version = version + 1, updated_at = now()
    WHERE id = ${id}`
  return { ...rows, users: account.count }
}

/** Bookings that he took part in: what was said there is about him, whoever said it. */
const his = (tx: Transaction, id: string) =>
  tx`(SELECT b.id FROM bookings AS b WHERE b.owner_id = ${id} OR b.runner_id = ${id})`

type Statement = (tx: Transaction, person: Person) => Promise<{ readonly count: number }>

/** What is deleted, by table. An application is his when both name and phone are. */
const statements: Readonly<Record<string, Statement>> = {
  refresh_tokens: (tx, { id }) => tx`DELETE FROM refresh_tokens WHERE user_id = ${id}`,
  password_resets: (tx, { id }) => tx`DELETE FROM password_resets WHERE user_id = ${id}`,
  grants: (tx, { id }) => tx`DELETE FROM grants WHERE account_id = ${id}`,
  pets: (tx, { id }) => tx`DELETE FROM pets WHERE owner_id = ${id}`,
  booking_photos: (tx, { id }) =>
    tx`DELETE FROM booking_photos WHERE runner_id = ${id} OR booking_id IN ${his(tx, id)}`,
  chat_messages: (tx, { id }) =>
    tx`DELETE FROM chat_messages WHERE sender_id = ${id} OR booking_id IN ${his(tx, id)}`,
  pushes: (tx, { id }) => tx`
    DELETE FROM pushes WHERE notice_id IN (SELECT n.id FROM notifications AS n WHERE n.user_id = ${id})`,
  notifications: (tx, { id }) => tx`
    DELETE FROM notifications WHERE user_id = ${id}
      OR (event_type = 'chat_message' AND booking_id IN ${his(tx, id)})`,
  notification_preferences: (tx, { id }) => tx`DELETE FROM notification_preferences WHERE id = ${id}`,
  device_tokens: (tx, { id }) => tx`DELETE FROM device_tokens WHERE user_id = ${id}`,
  shared_trips: (tx, { id }) =>
    tx`DELETE FROM shared_trips WHERE shared_by = ${id} OR booking_id IN ${his(tx, id)}`,
  user_referral_codes: (tx, { id }) => tx`DELETE FROM user_referral_codes WHERE id = ${id}`,
  pet_shops: (tx, { id }) => tx`DELETE FROM pet_shops WHERE owner_id = ${id}`,
  runner_applications: (tx, { full_name, phone }) => tx`
    DELETE FROM runner_applications WHERE ${phone} <> '' AND phone = ${phone} AND name = ${full_name}`,
}

/** In the form of an argon2id hash, of no password that anybody knows. */
const noPassword = () => {
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=19456,t=2,p=1$${random(16)}$${random(32)}`
}
