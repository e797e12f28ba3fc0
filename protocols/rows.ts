/** Plain records that belong to no actor (pets, shops, messages, notices): named tables behind one port. */

/** `time` is milliseconds since the epoch here and timestamptz in the database; `json` is any JSON value. */
export type Kind = 'uuid' | 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'json'

export interface Table<Row> {
  readonly name: string
  readonly columns: { readonly [Name in keyof Row]-?: Kind }
  /** The sets of columns that no two rows share, besides `id`. */
  readonly unique?: readonly (readonly (keyof Row & string)[])[]
}

/** Equal to this, one of these, or between these bounds, both included. */
export type Match<Value> =
  | Value
  | { readonly any_of: readonly Value[] }
  | { readonly from: Value; readonly to: Value }

export type Where<Row> = { readonly [Name in keyof Row]?: Match<Row[Name]> }

export interface Search<Row> {
  readonly where: Where<Row>
  /** The first counts most. */
  readonly order: readonly (readonly [column: keyof Row & string, direction: 'up' | 'down'])[]
  readonly limit: number
  readonly offset?: number
  /** Only what stands behind this row in an order of all columns `down`: values of the order's columns. */
  readonly after?: readonly (string | number)[]
}

/** Every row has an id. Each method is one statement, and rejects with a Fault when the database is away. */
export interface Rows {
  /** False: a row of this id, or with the same unique columns, is there. Nothing was changed then. */
  add<Row extends { readonly id: string }>(table: Table<Row>, row: Row): Promise<boolean>
  find<Row>(table: Table<Row>, search: Search<Row>): Promise<readonly Row[]>
  count<Row>(table: Table<Row>, where: Where<Row>): Promise<number>
  /** The rows that matched, as they are now. */
  change<Row>(table: Table<Row>, where: Where<Row>, values: Partial<Row>): Promise<readonly Row[]>
  /** How many there were. */
  remove<Row>(table: Table<Row>, where: Where<Row>): Promise<number>
}
