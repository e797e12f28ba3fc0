// Requests per address: a token bucket as the generic cell rate algorithm has it, one time for each address.
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { limits } from '../../protocols/limits.ts'
import type { TimeTable } from './shared.ts'

/** Admits `per_min` requests at once and then one each `60 / per_min` seconds. */
export class Rate {
  readonly #table: TimeTable
  readonly #each_ms: number
  readonly #name: string
  readonly #burst_ms = 60_000

  constructor(table: TimeTable, name: string, per_min: number) {
    this.#table = table
    this.#name = name
    this.#each_ms = 60_000 / per_min
  }

  /** Counts a request: 0 when it may pass, else the milliseconds after which the next one may. A refused one costs nothing. */
  take(address: string, now_ms: number): number {
    let wait_ms = 0
    this.#table.update(`${this.#name} ${address}`, (known_ms) => {
      // No bucket is fuller than full: a time beyond that was noted before the clock was set back.
      const is_past = known_ms > now_ms + this.#burst_ms + limits.clock_back_ms
      const next_ms = (is_past ? now_ms : Math.max(known_ms, now_ms)) + this.#each_ms
      wait_ms = Math.max(0, next_ms - now_ms - this.#burst_ms)
      return wait_ms > 0 ? undefined : next_ms
    })
    return wait_ms
  }
}

/** The text of a socket's address, 4 or 16 bytes; an IPv4 address in IPv6 clothes is an IPv4 address. */
export function addressText(address: ArrayBuffer): string {
  const bytes = new Uint8Array(address)
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (mapped) return bytes.subarray(12).join('.')
  return Array.from({ length: 8 }, (_, group) =>
    (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16),
  ).join(':')
}

/** The same for an address as Node writes it. */
export const addressOf = (text: string): string => text.replace(/^::ffff:(?=\d+\.)/, '')

/** Whom a limit counts: an IPv4 address, or the first 64 bits of an IPv6 one, which is what one customer is given. */
export const countedAs = (address: string): string =>
  address.includes(':') ? address.split(':', 4).join(':') : address

/** The set of addresses and CIDR blocks that no limit counts. Throws for what is neither. */
export function trustedBy(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) trust(list, entry)
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

function trust(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/', 2)
  if (!isIPv4(address) && !isIPv6(address)) throw new Error(`${entry} is no address`)
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const length = bits ?? (family === 'ipv4' ? '32' : '128')
  if (!/^\d{1,3}$/.test(length)) throw new Error(`${entry} is no block of addresses`)
  list.addSubnet(address, Number(length), family)
}
