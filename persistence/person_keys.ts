// The keys of people's texts: written before anything is sealed under them.
import type { KeptKey, PersonKeys } from '../protocols/person_keys.ts'
import { arrayOf, attempt, type Sql, type Transaction } from './pg.ts'

interface KeyRow {
  readonly person_id: string
  readonly wrapped: Buffer | null
}

const kept = ({ person_id, wrapped }: KeyRow): KeptKey => ({
  person_id,
  wrapped: wrapped === null ? undefined : new Uint8Array(wrapped),
})

/** Leaves a row without a key, so that nobody ever gets one under this id again. */
export const eraseKey = (sql: Sql | Transaction, person_id: string, now_ms: number) => sql`
  INSERT INTO person_keys (person_id, wrapped, erased_at) VALUES (${person_id}, NULL, ${new Date(now_ms)})
  ON CONFLICT (person_id) DO UPDATE
    SET wrapped = NULL, erased_at = coalesce(person_keys.erased_at, excluded.erased_at)`

/** Keys in the table `person_keys`. Every method rejects with a Fault when the database is away. */
export function openPersonKeys(sql: Sql): PersonKeys {
  return {
    find: (person_ids) =>
      attempt('finding personal keys', async () => {
        const rows = await sql<KeyRow[]>`
          SELECT person_id, wrapped FROM person_keys WHERE person_id = ANY(${arrayOf(person_ids)}::uuid[])`
        return rows.map(kept)
      }),

    keep: (person_id, wrapped) =>
      attempt('keeping a personal key', async () => {
        await sql`
          INSERT INTO person_keys (person_id, wrapped) VALUES (${person_id}, ${wrapped}) ON CONFLICT DO NOTHING`
        const [row] = await sql<KeyRow[]>`
          SELECT person_id, wrapped FROM person_keys WHERE person_id = ${person_id}`
        if (!row) throw new Error('a key that was kept is not there')
        return kept(row)
      }),

    rewrap: (person_id, old, wrapped) =>
      attempt('wrapping a personal key anew', async () => {
        const changed = await sql`
          UPDATE person_keys SET wrapped = ${wrapped} WHERE person_id = ${person_id} AND wrapped = ${old}
          RETURNING 1 AS changed`
        return changed.length > 0
      }),

    erase: (person_id, now_ms) =>
      attempt('erasing a personal key', async () => {
        await eraseKey(sql, person_id, now_ms)
      }),

    erasedSince: (since_ms, max) =>
      attempt('listing erased people', async () => {
        const rows = await sql<{ person_id: string }[]>`
          SELECT person_id FROM person_keys WHERE erased_at >= ${new Date(since_ms)}
          ORDER BY erased_at DESC LIMIT ${max}`
        return rows.map(({ person_id }) => person_id)
      }),

    page: (after_id, limit) =>
      attempt('reading personal keys', async () => {
        const rows = await sql<KeyRow[]>`
          SELECT person_id, wrapped FROM person_keys WHERE person_id > ${after_id} AND wrapped IS NOT NULL
          ORDER BY person_id LIMIT ${limit}`
        return rows.map(kept)
      }),
  }
}
