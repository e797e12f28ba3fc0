// Records that a request makes: a repeat under the same Idempotency-Key makes no second one.
import type { Env } from '../../engine/env.ts'
import type { Rows, Table } from '../../protocols/rows.ts'
import { derivedId } from './command_id.ts'
import type { KnownRequest } from './request.ts'

/** The new record's id; the same for every repeat of the caller on this path under one key. */
export const recordId = ({ idempotency_key: key, by, path }: KnownRequest, env: Env): string =>
  key === '' ? env.uuid() : derivedId('record', by.id, path, key)

/** The record as it is kept: this one, or what an earlier request under the same id made. */
export async function addOnce<Row extends { readonly id: string }>(
  rows: Rows,
  table: Table<Row>,
  row: Row,
): Promise<Row> {
  if (await rows.add(table, row)) return row
  const where = { id: row.id } as { readonly [Name in keyof Row]?: Row[Name] }
  const [known] = await rows.find(table, { where, order: [], limit: 1 })
  if (!known) throw new Error(`a new row of ${table.name} met another one`)
  return known
}
