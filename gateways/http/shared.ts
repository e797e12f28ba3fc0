// Small tables of times, by key, that all threads of a process may share: lossy when full, exact otherwise.
import { limits } from '../../protocols/limits.ts'
import { fnv1a32 } from '../../protocols/shard.ts'

/** Slots tried for a key before somebody else's is taken over. */
const ways = 4
/** A slot is 24 bits of the key's second hash above 40 bits of milliseconds since `origin_ms`: enough until 2058. */
const time_bits = 40n
const time_mask = (1n << time_bits) - 1n
const origin_ms = Date.UTC(2024, 0, 1)

/** Remembers one time for each of the keys that were used last. */
export class TimeTable {
  readonly #slots: BigInt64Array
  readonly #mask: number

  /** `slots` is a power of two. */
  constructor(memory: SharedArrayBuffer, byte_offset: number, slots: number) {
    this.#slots = new BigInt64Array(memory, byte_offset, slots)
    this.#mask = slots - 1
  }

  /**
   * Replaces the key's time by what `next` makes of it; `next` may be called again when another thread came between.
   * `known` is 0 for a key that is new, or was forgotten for a newer one. Undefined leaves the table as it is.
   */
  update(key: string, next: (known_ms: number) => number | undefined): void {
    const tag = BigInt(fnv1a32(`${key}#`) & 0xffffff) << time_bits
    for (;;) {
      const { index, held } = this.#find(key, tag)
      const known = (BigInt.asUintN(64, held) & ~time_mask) === tag ? Number(held & time_mask) : 0
      const time = next(known === 0 ? 0 : known + origin_ms)
      if (time === undefined) return
      const packed = BigInt.asIntN(64, tag | (BigInt(Math.max(0, Math.ceil(time) - origin_ms)) & time_mask))
      if (Atomics.compareExchange(this.#slots, index, held, packed) === held) return
    }
  }

  /** The key's slot, or else the one among its few whose time is the oldest. */
  #find(key: string, tag: bigint): { index: number; held: bigint } {
    const home = fnv1a32(key)
    let oldest = { index: home & this.#mask, held: 0n, time: time_mask + 1n }
    for (let way = 0; way < ways; way++) {
      const index = (home + way) & this.#mask
      const held = Atomics.load(this.#slots, index)
      if ((BigInt.asUintN(64, held) & ~time_mask) === tag && held !== 0n) return { index, held }
      const time = held & time_mask
      if (time < oldest.time) oldest = { index, held, time }
    }
    return oldest
  }
}

const slotsFor = (entries: number) => 2 ** Math.ceil(Math.log2(entries))
/** Two rates for each address. */
const rate_slots = slotsFor(2 * limits.rate_addresses_max)
const repeat_slots = slotsFor(limits.repeats_remembered_max)
/** An account, its address, both together, and the address that is known. */
const attempt_slots = slotsFor(4 * limits.login_entries_max)

/** The size of the memory that the threads of a process share. */
export const shared_bytes = 8 * (rate_slots + repeat_slots + attempt_slots)

export interface Tables {
  readonly rates: TimeTable
  readonly repeats: TimeTable
  readonly attempts: TimeTable
}

export const openTables = (memory = new SharedArrayBuffer(shared_bytes)): Tables => ({
  rates: new TimeTable(memory, 0, rate_slots),
  repeats: new TimeTable(memory, 8 * rate_slots, repeat_slots),
  attempts: new TimeTable(memory, 8 * (rate_slots + repeat_slots), attempt_slots),
})
