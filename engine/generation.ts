import { PackedId, unpackedIds } from './packed_id.ts'

/** What a shard remembers of a command that it has carried out. */
export interface Known {
  readonly body_hash: number
  /** The frame that holds it. */
  readonly n: number
  readonly at_ms: number
}

const first_rows = 16
const first_slots = 32
/** Of the slots: beyond it a look at an id that is not there goes past more than a dozen of them. */
const fullness = 0.8

/** One that finds another place in a larger table. */
const placed = new PackedId()

function moved<Column extends Uint8Array | Uint32Array | Float64Array>(from: Column, into: Column): Column {
  into.set(from)
  return into
}

/**
 * Command ids in the order in which they were first added, and what is known of each, in columns without an object or a
 * string for any: the bytes of all ids one after the other, and a table of open addressing that finds a row by its hash.
 * A slot holds the number of the row, and above it the bits of the hash that its place does not tell.
 */
export class Generation {
  readonly #rows_max: number
  #size = 0
  #ends = new Uint32Array(0)
  #body_hashes = new Uint32Array(0)
  #frames = new Float64Array(0)
  #times = new Float64Array(0)
  #bytes = new Uint8Array(0)
  #slots = new Uint32Array(0)

  /** Takes memory as it fills, and no more rows than `rows_max`. */
  constructor(rows_max: number) {
    this.#rows_max = rows_max
  }

  get size(): number {
    return this.#size
  }

  /** Of memory. */
  get bytes(): number {
    const columns = [this.#ends, this.#body_hashes, this.#frames, this.#times, this.#bytes, this.#slots]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  find(id: PackedId): Known | undefined {
    const row = this.#rowOf(id)
    return row < 0 ? undefined : this.#known(row)
  }

  /** An id that is there keeps its place. */
  set(id: PackedId, { body_hash, n, at_ms }: Known): void {
    const found = this.#rowOf(id)
    const row = found < 0 ? this.#append(id) : found
    this.#body_hashes[row] = body_hash
    this.#frames[row] = n
    this.#times[row] = at_ms
  }

  /** To be read, as it is now. A thousandth of a second for the largest: ids become texts only when they are read. */
  copy(): Iterable<readonly [string, Known]> {
    const copy = new Generation(this.#size)
    copy.#size = this.#size
    copy.#ends = this.#ends.slice(0, this.#size)
    copy.#body_hashes = this.#body_hashes.slice(0, this.#size)
    copy.#frames = this.#frames.slice(0, this.#size)
    copy.#times = this.#times.slice(0, this.#size)
    copy.#bytes = this.#bytes.slice(0, this.#start(this.#size))
    return copy
  }

  /** In the order in which they were added. */
  *[Symbol.iterator](): Generator<readonly [string, Known]> {
    for (const [row, id] of unpackedIds(this.#bytes, this.#ends.subarray(0, this.#size)).entries())
      yield [id, this.#known(row)]
  }

  #known(row: number): Known {
    return {
      body_hash: this.#body_hashes[row] as number,
      n: this.#frames[row] as number,
      at_ms: this.#times[row] as number,
    }
  }

  #start(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] as number)
  }

  /** -1 when it is not there. */
  #rowOf(id: PackedId): number {
    const mask = this.#slots.length - 1
    if (mask < 0) return -1
    const above = (id.hash & ~mask) >>> 0
    for (let place = id.hash & mask; ; place = (place + 1) & mask) {
      const slot = this.#slots[place] as number
      if (slot === 0) return -1
      if ((slot & ~mask) >>> 0 !== above) continue
      const row = (slot & mask) - 1
      if (this.#holds(row, id)) return row
    }
  }

  #holds(row: number, { bytes, length }: PackedId): boolean {
    const start = this.#start(row)
    if ((this.#ends[row] as number) - start !== length) return false
    for (let index = 0; index < length; index++) if (this.#bytes[start + index] !== bytes[index]) return false
    return true
  }

  #append(id: PackedId): number {
    const row = this.#size
    const start = this.#start(row)
    const end = start + id.length
    this.#grow(row + 1, end)
    for (let index = 0; index < id.length; index++) this.#bytes[start + index] = id.bytes[index] as number
    this.#ends[row] = end
    this.#size = row + 1
    this.#place(row, id.hash)
    return row
  }

  #place(row: number, hash: number): void {
    const mask = this.#slots.length - 1
    let place = hash & mask
    while (this.#slots[place] !== 0) place = (place + 1) & mask
    this.#slots[place] = (hash & ~mask) | (row + 1)
  }

  #grow(rows: number, bytes: number): void {
    if (rows > this.#ends.length) {
      const room = Math.max(rows, Math.min(Math.max(first_rows, 2 * this.#ends.length), this.#rows_max))
      this.#ends = moved(this.#ends, new Uint32Array(room))
      this.#body_hashes = moved(this.#body_hashes, new Uint32Array(room))
      this.#frames = moved(this.#frames, new Float64Array(room))
      this.#times = moved(this.#times, new Float64Array(room))
    }
    if (bytes > this.#bytes.length)
      this.#bytes = moved(this.#bytes, new Uint8Array(Math.max(bytes, this.#roomFor(bytes))))
    if (rows > fullness * this.#slots.length) this.#rehash()
  }

  /** As if all rows to come were as long as those that are here. */
  #roomFor(bytes: number): number {
    const each = bytes / (this.#size + 1)
    return Math.ceil(Math.min(Math.max(this.#ends.length, 1.125 * (this.#size + 1)) * each, 2 * bytes + 256))
  }

  #rehash(): void {
    this.#slots = new Uint32Array(Math.max(first_slots, 2 * this.#slots.length))
    for (let row = 0; row < this.#size; row++) {
      placed.take(this.#bytes, this.#start(row), this.#ends[row] as number)
      this.#place(row, placed.hash)
    }
  }
}
