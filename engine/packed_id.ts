import { randomBytes } from 'node:crypto'

/** In the first byte: a lower-case UUID in 16 bytes comes first; what is left has two bytes a character instead of one. */
const has_uuid = 1
const is_wide = 2

const uuid_chars = 36
/** Where each byte of a UUID stands in its text. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const
const dashes = [8, 13, 18, 23] as const
const dash = 45
const no_digit = 0x100
const digits = Uint16Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code))
  return value < 0 ? no_digit : value
})
const characters = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Nothing that can be seen depends on it, only what lies beside what in a table. */
const secret = new Uint32Array(new Uint8Array(randomBytes(8)).buffer)

/** An id as the bytes that tell it from every other one: what is read back is what was packed. Used again and again. */
export class PackedId {
  /** Of `length` bytes; then zeros, and the length in the last byte of a whole word. */
  bytes = new Uint8Array(64)
  length = 0
  hash = 0
  #words = new Uint32Array(this.bytes.buffer)
  #id: string | undefined

  /** Packs it, unless it was the last one. */
  pack(id: string): void {
    if (id === this.#id) return
    this.#room(1 + 2 * id.length)
    const uuid = isUuid(id) && packUuid(id, this.bytes)
    const from = uuid ? uuid_chars : 0
    const at = uuid ? 17 : 1
    const wide = !packNarrow(id, from, this.bytes, at)
    if (wide) packWide(id, from, this.bytes, at)
    this.bytes[0] = (uuid ? has_uuid : 0) | (wide ? is_wide : 0)
    this.#end(at + (wide ? 2 : 1) * (id.length - from))
    this.#id = id
  }

  /** Takes bytes that were packed before. */
  take(bytes: Uint8Array, start: number, end: number): void {
    this.#room(end - start)
    this.bytes.set(bytes.subarray(start, end))
    this.#end(end - start)
    this.#id = undefined
  }

  /** For so many bytes and what is behind them. */
  #room(bytes: number): void {
    if (bytes + 4 <= this.bytes.length) return
    this.bytes = new Uint8Array(4 * Math.ceil((2 * bytes) / 4 + 1))
    this.#words = new Uint32Array(this.bytes.buffer)
  }

  #end(length: number): void {
    const { bytes } = this
    this.length = length
    let at = length
    while ((at & 3) < 3) bytes[at++] = 0
    bytes[at] = length
    this.hash = hashOf(this.#words, (at + 1) >> 2)
  }
}

/** HalfSipHash-1-3 (Aumasson, Bernstein): clients choose ids, and under a key that nobody knows they choose none of a common hash. */
function hashOf(words: Uint32Array, count: number): number {
  let v0 = secret[0] as number
  let v1 = secret[1] as number
  let v2 = 0x6c796765 ^ v0
  let v3 = 0x74656462 ^ v1
  for (let index = 0; index < count + 3; index++) {
    const word = index < count ? (words[index] as number) : 0
    if (index === count) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return (v1 ^ v3) >>> 0
}

const isUuid = (id: string): boolean =>
  id.length >= uuid_chars && dashes.every((place) => id.charCodeAt(place) === dash)

/** False when a character is no lower-case digit. */
function packUuid(id: string, into: Uint8Array): boolean {
  let seen = 0
  for (let index = 0; index < places.length; index++) {
    const place = places[index] as number
    const high = digits[id.charCodeAt(place)] ?? no_digit
    const low = digits[id.charCodeAt(place + 1)] ?? no_digit
    seen |= high | low
    into[1 + index] = (high << 4) | low
  }
  return seen < no_digit
}

/** False when a character does not fit into a byte. */
function packNarrow(id: string, from: number, into: Uint8Array, at: number): boolean {
  let seen = 0
  for (let index = from; index < id.length; index++) {
    const code = id.charCodeAt(index)
    seen |= code
    into[at + index - from] = code
  }
  return seen < 0x100
}

function packWide(id: string, from: number, into: Uint8Array, at: number): void {
  for (let index = from; index < id.length; index++) {
    const code = id.charCodeAt(index)
    into[at + 2 * (index - from)] = code & 0xff
    into[at + 2 * (index - from) + 1] = code >>> 8
  }
}

/**
 * The ids that were packed one after the other; `ends` tells where each one does. All narrow ones are parts of one text,
 * since a text made of bytes costs ten times what a part of it does.
 */
export function unpackedIds(bytes: Uint8Array, ends: Uint32Array): readonly string[] {
  const text = Buffer.allocUnsafe(bytes.length + (uuid_chars - 16) * ends.length)
  const until = new Uint32Array(ends.length)
  let at = 0
  for (let index = 0, start = 0; index < ends.length; start = ends[index++] as number) {
    if (!isWideAt(bytes, start)) at = unpackNarrow(bytes, start, ends[index] as number, text, at)
    until[index] = at
  }
  const whole = text.toString('latin1', 0, at)
  const ids: string[] = []
  for (let index = 0, start = 0; index < ends.length; start = ends[index++] as number)
    ids.push(
      isWideAt(bytes, start)
        ? wideIn(bytes, start, ends[index] as number)
        : whole.slice(index === 0 ? 0 : until[index - 1], until[index]),
    )
  return ids
}

const isWideAt = (bytes: Uint8Array, start: number) => ((bytes[start] as number) & is_wide) !== 0

/** Writes the characters of a narrow id to `at`, and gives back where they end. */
function unpackNarrow(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): number {
  let [from, to] = [start + 1, at]
  if (bytes[start] === has_uuid) {
    unpackUuid(bytes, from, into, to)
    from += 16
    to += uuid_chars
  }
  for (; from < end; from++) into[to++] = bytes[from] as number
  return to
}

function unpackUuid(bytes: Uint8Array, from: number, into: Uint8Array, at: number): void {
  for (let index = 0; index < places.length; index++) {
    const place = at + (places[index] as number)
    const byte = bytes[from + index] as number
    into[place] = characters[byte >>> 4] as number
    into[place + 1] = characters[byte & 15] as number
  }
  for (const place of dashes) into[at + place] = dash
}

function wideIn(bytes: Uint8Array, start: number, end: number): string {
  const uuid = Buffer.alloc(((bytes[start] as number) & has_uuid) === 0 ? 0 : uuid_chars)
  if (uuid.length > 0) unpackUuid(bytes, start + 1, uuid, 0)
  const rest = Buffer.from(bytes.subarray(start + (uuid.length > 0 ? 17 : 1), end))
  return uuid.toString('latin1') + rest.toString('utf16le')
}
