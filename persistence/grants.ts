// The memory of the Security Token Service: rows that are written before the answer, and found by hashes alone.
import type { FoundRecord, Grants } from '../protocols/grants.ts'
import { attempt, type Sql } from './pg.ts'

interface GrantRow {
  readonly payload: Readonly<Record<string, unknown>>
  readonly consumed_at: Date | null
}

const found = ([row]: readonly GrantRow[]): FoundRecord | undefined =>
  row && { payload: row.payload, consumed_ms: row.consumed_at?.getTime() }

/** Grants in the table `grants`. Every method rejects with a Fault when the database is away. */
export function openGrants(sql: Sql): Grants {
  return {
    put: ({ model, hash, grant_hash, uid, account_id, payload, expires_ms }) =>
      attempt('keeping a grant', async () => {
        await sql`
          INSERT INTO grants (model, hash, grant_hash, uid, account_id, payload, expires_at)
          VALUES (${model}, ${hash}, ${grant_hash ?? null}, ${uid ?? null}, ${account_id ?? null},
            ${JSON.stringify(payload)}::text::jsonb, ${new Date(expires_ms)})
          ON CONFLICT (model, hash) DO UPDATE SET grant_hash = excluded.grant_hash, uid = excluded.uid,
            account_id = excluded.account_id, payload = excluded.payload, expires_at = excluded.expires_at`
      }),

    find: (model, hash, now_ms) =>
      attempt('finding a grant', async () =>
        found(
          await sql<GrantRow[]>`
            SELECT payload, consumed_at FROM grants
            WHERE model = ${model} AND hash = ${hash} AND expires_at > ${new Date(now_ms)}`,
        ),
      ),

    findByUid: (model, uid, now_ms) =>
      attempt('finding a grant', async () =>
        found(
          await sql<GrantRow[]>`
            SELECT payload, consumed_at FROM grants
            WHERE model = ${model} AND uid = ${uid} AND expires_at > ${new Date(now_ms)} LIMIT 1`,
        ),
      ),

    consume: (model, hash, now_ms) =>
      attempt('using a grant', async () => {
        const used = await sql`
          UPDATE grants SET consumed_at = ${new Date(now_ms)}
          WHERE model = ${model} AND hash = ${hash} AND consumed_at IS NULL RETURNING 1 AS used`
        return used.length > 0
      }),

    remove: (model, hash) =>
      attempt('removing a grant', async () => {
        await sql`DELETE FROM grants WHERE model = ${model} AND hash = ${hash}`
      }),

    revokeGrant: (grant_hash) =>
      attempt('revoking a grant', async () => {
        await sql`DELETE FROM grants WHERE grant_hash = ${grant_hash}`
      }),

    sweep: (now_ms, max) =>
      attempt('forgetting grants', async () => {
        const gone = await sql`
          DELETE FROM grants WHERE (model, hash) IN (
            SELECT model, hash FROM grants WHERE expires_at <= ${new Date(now_ms)} ORDER BY expires_at LIMIT ${max})
          RETURNING 1 AS gone`
        return gone.length
      }),
  }
}
