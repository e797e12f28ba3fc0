import type { Match, Rows, Search, Table, Where } from '../protocols/rows.ts'

type Raw = Readonly<Record<string, unknown>>

/** A twin of the records' tables, for tests of the doors. */
export class MemoryRows implements Rows {
  readonly #tables = new Map<string, Map<string, Raw>>()

  /** Every row of every table. */
  kept(): unknown {
    return [...this.#tables].map(([name, rows]) => [name, [...rows.values()]])
  }

  async add<Row extends { readonly id: string }>(table: Table<Row>, row: Row): Promise<boolean> {
    const rows = this.#rows(table)
    const taken = (table.unique ?? []).some((names) =>
      [...rows.values()].some((other) => names.every((name) => other[name] === row[name])),
    )
    if (taken || rows.has(row.id)) return false
    rows.set(row.id, structuredClone(row) as Raw)
    return true
  }

  async find<Row>(table: Table<Row>, search: Search<Row>): Promise<readonly Row[]> {
    const { order, after, offset = 0, limit } = search
    const compare = (one: Raw, other: Raw) => compared(order, one, other)
    const bound = after && Object.fromEntries(order.map(([name], index) => [name, after[index]]))
    const found = this.#matching(table, search.where)
      .filter((row) => !bound || compare(bound, row) < 0)
      .sort(compare)
    return structuredClone(found.slice(offset, offset + limit)) as readonly Row[]
  }

  async count<Row>(table: Table<Row>, where: Where<Row>): Promise<number> {
    return this.#matching(table, where).length
  }

  async change<Row>(table: Table<Row>, where: Where<Row>, values: Partial<Row>): Promise<readonly Row[]> {
    const rows = this.#rows(table)
    const changed = this.#matching(table, where).map((row) => ({ ...row, ...structuredClone(values) }))
    for (const row of changed) rows.set(String((row as Raw).id), row)
    return structuredClone(changed) as unknown as readonly Row[]
  }

  async remove<Row>(table: Table<Row>, where: Where<Row>): Promise<number> {
    const rows = this.#rows(table)
    const gone = this.#matching(table, where)
    for (const { id } of gone) rows.delete(String(id))
    return gone.length
  }

  #matching<Row>(table: Table<Row>, where: Where<Row>): readonly Raw[] {
    const wanted = Object.entries(where).filter(([, match]) => match !== undefined)
    return [...this.#rows(table).values()].filter((row) =>
      wanted.every(([name, match]) => fits(row[name], match as Match<unknown>)),
    )
  }

  #rows<Row>({ name }: Table<Row>): Map<string, Raw> {
    const rows = this.#tables.get(name) ?? new Map<string, Raw>()
    this.#tables.set(name, rows)
    return rows
  }
}

type Order = readonly (readonly [column: string, direction: 'up' | 'down'])[]

function compared(order: Order, one: Raw, other: Raw): number {
  for (const [name, direction] of order) {
    const [left, right] = [one[name] as string | number, other[name] as string | number]
    if (left !== right) return left < right === (direction === 'up') ? -1 : 1
  }
  return 0
}

function fits(value: unknown, match: Match<unknown>): boolean {
  if (typeof match !== 'object' || match === null) return value === match
  const { any_of, from, to } = match as { any_of?: unknown[]; from?: string | number; to?: string | number }
  if (any_of) return any_of.includes(value)
  const cell = value as string | number
  return from !== undefined && to !== undefined && cell >= from && cell <= to
}
