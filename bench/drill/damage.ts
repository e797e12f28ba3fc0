import type { Sql } from '../../persistence/pg.ts'

/** Something that happens to a shard's snapshots in the database while no engine looks. */
export interface Damage {
  readonly name: string
  /** Gives how many rows it changed: 0 where the shard holds nothing that it could change. */
  readonly inflict: (sql: Sql, shard: number) => Promise<number>
}

const newest = (sql: Sql, shard: number) => sql`(SELECT max(n) FROM snapshot_cuts WHERE shard = ${shard})`
const other = (sql: Sql, column: 'state' | 'shard_row') => {
  const name = sql(column)
  return sql`set_byte(${name}, length(${name}) / 2, get_byte(${name}, length(${name}) / 2) # 5)`
}

/** One for each shard of a machine. */
export const damages: readonly Damage[] = [
  {
    name: 'states with another byte',
    inflict: async (sql, shard) =>
      (
        await sql`
        UPDATE snapshot_actors SET state = ${other(sql, 'state')}
        WHERE shard = ${shard} AND n = ${newest(sql, shard)}`
      ).count,
  },
  {
    name: 'an actor is gone',
    inflict: async (sql, shard) =>
      (
        await sql`
        DELETE FROM snapshot_actors WHERE shard = ${shard} AND (kind, id) IN
          (SELECT kind, id FROM snapshot_actors WHERE shard = ${shard} ORDER BY n DESC, kind, id LIMIT 1)`
      ).count,
  },
  {
    name: 'actors as they were at the older cut',
    inflict: async (sql, shard) =>
      (
        await sql`
        DELETE FROM snapshot_actors AS a USING snapshot_actors AS b
        WHERE a.shard = ${shard} AND a.n = ${newest(sql, shard)}
          AND b.shard = a.shard AND b.kind = a.kind AND b.id = a.id AND b.n < a.n`
      ).count,
  },
  {
    name: 'a shard row with another byte',
    inflict: async (sql, shard) =>
      (
        await sql`
        UPDATE snapshot_cuts SET shard_row = ${other(sql, 'shard_row')}
        WHERE shard = ${shard} AND n = ${newest(sql, shard)}`
      ).count,
  },
  {
    name: 'another hash',
    inflict: async (sql, shard) =>
      (
        await sql`
        UPDATE snapshot_cuts SET hash = reverse(hash)
        WHERE shard = ${shard} AND n = ${newest(sql, shard)}`
      ).count,
  },
  {
    name: 'another place in the log',
    inflict: async (sql, shard) =>
      (
        await sql`
        UPDATE snapshot_cuts SET log_seq = log_seq + 1
        WHERE shard = ${shard} AND n = ${newest(sql, shard)}`
      ).count,
  },
  {
    name: 'every state of both cuts with another byte',
    inflict: async (sql, shard) =>
      (await sql`UPDATE snapshot_actors SET state = ${other(sql, 'state')} WHERE shard = ${shard}`).count,
  },
  {
    name: 'an actor with the events of another',
    inflict: async (sql, shard) =>
      (
        await sql`
        UPDATE snapshot_actors SET seq = seq + 1
        WHERE shard = ${shard} AND n = ${newest(sql, shard)}`
      ).count,
  },
]

/** Shards of which the engine has said that it passed a snapshot over, from the lines of its log. */
export function passedOver(log: string): ReadonlySet<number> {
  const shards = new Set<number>()
  for (const line of log.split('\n')) {
    if (!line.includes('passed over')) continue
    const shard = /"shard":(\d+)/.exec(line)?.[1]
    if (shard !== undefined) shards.add(Number(shard))
  }
  return shards
}

/** One line for each damage that the engine has not noticed. */
export const unnoticed = (
  inflicted: readonly { readonly shard: number; readonly name: string; readonly rows: number }[],
  noticed: ReadonlySet<number>,
): readonly string[] =>
  inflicted
    .filter(({ shard, rows }) => rows > 0 && !noticed.has(shard))
    .map(({ shard, name }) => `shard ${shard}: nobody noticed: ${name}`)
