// A msgpack reader for bytes that strangers send: it allocates no more than the frame can hold, and knows no extensions.

const text = new TextDecoder('utf-8', { fatal: true })
const depth_max = 16

/** Reads one frame from the front. Every method throws a RangeError or TypeError on bytes that are not what it names. */
export class MsgpackReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The next byte, left where it is; -1 at the end. */
  peek(): number {
    return this.#bytes[this.#at] ?? -1
  }

  get finished(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The number of elements that follow. */
  array(): number {
    const head = this.#byte()
    if ((head & 0xf0) === 0x90) return head & 0x0f
    if (head === 0xdc) return this.#count(this.#unsigned(2))
    if (head === 0xdd) return this.#count(this.#unsigned(4))
    throw new TypeError('an array was expected')
  }

  string(): string {
    const head = this.#byte()
    if ((head & 0xe0) === 0xa0) return this.#text(head & 0x1f)
    if (head >= 0xd9 && head <= 0xdb) return this.#text(this.#unsigned(1 << (head - 0xd9)))
    throw new TypeError('a string was expected')
  }

  /** The next string; it is `likely` itself where the bytes spell that, and then nothing was made for it. */
  stringOr(likely: string): string {
    const start = this.#at
    const { length } = likely
    const head = this.#byte()
    const short = (head & 0xe0) === 0xa0 && (head & 0x1f) === length
    if ((short || (head === 0xd9 && this.#byte() === length)) && this.#spells(likely)) {
      this.#at += length
      return likely
    }
    this.#at = start
    return this.string()
  }

  #spells(likely: string): boolean {
    const { length } = likely
    if (this.#at + length > this.#bytes.length) return false
    for (let index = 0; index < length; index++) {
      const code = likely.charCodeAt(index)
      if (code > 0x7f || this.#bytes[this.#at + index] !== code) return false
    }
    return true
  }

  /** Any integer or float. 64-bit integers become the nearest double. */
  number(): number {
    const head = this.#byte()
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head === 0xca) return this.#view.getFloat32(this.#skip(4))
    if (head === 0xcb) return this.#view.getFloat64(this.#skip(8))
    if (head >= 0xcc && head <= 0xcf) return this.#unsigned(1 << (head - 0xcc))
    if (head >= 0xd0 && head <= 0xd3) return this.#signed(1 << (head - 0xd0))
    throw new TypeError('a number was expected')
  }

  /** A number, or nothing where there is a nil. */
  maybeNumber(): number | undefined {
    if (this.peek() !== 0xc0) return this.number()
    this.#at += 1
    return undefined
  }

  /** Anything: maps become objects without a prototype, binary becomes a copy. */
  value(depth = 0): unknown {
    if (depth > depth_max) throw new RangeError('nested too deeply')
    const head = this.peek()
    if (head < 0) throw new RangeError('the frame ends too early')
    if (isMap(head)) return this.#map(depth)
    if (isArray(head)) return Array.from({ length: this.array() }, () => this.value(depth + 1))
    if (isString(head)) return this.string()
    if (head >= 0xc4 && head <= 0xc6) return this.#binary()
    if (head === 0xc0 || head === 0xc2 || head === 0xc3) {
      this.#at += 1
      return head === 0xc0 ? null : head === 0xc3
    }
    return this.number()
  }

  #map(depth: number): object {
    const head = this.#byte()
    const wide = head === 0xde ? 2 : 4
    const count = (head & 0xf0) === 0x80 ? head & 0x0f : this.#count(this.#unsigned(wide))
    const map: Record<string, unknown> = Object.create(null)
    for (let index = 0; index < count; index++) {
      const key = this.string()
      map[key] = this.value(depth + 1)
    }
    return map
  }

  #binary(): Uint8Array {
    const length = this.#unsigned(1 << (this.#byte() - 0xc4))
    const start = this.#skip(length)
    return this.#bytes.slice(start, start + length)
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] ?? 0
  }

  #skip(length: number): number {
    const start = this.#at
    if (start + length > this.#bytes.length) throw new RangeError('the frame ends too early')
    this.#at = start + length
    return start
  }

  /** An element takes at least a byte: a count above what is left is a lie, and must not size an array. */
  #count(count: number): number {
    if (count > this.#bytes.length - this.#at) throw new RangeError('more elements than bytes')
    return count
  }

  #unsigned(size: number): number {
    const at = this.#skip(size)
    if (size === 1) return this.#view.getUint8(at)
    if (size === 2) return this.#view.getUint16(at)
    if (size === 4) return this.#view.getUint32(at)
    return this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4)
  }

  #signed(size: number): number {
    const at = this.#skip(size)
    if (size === 1) return this.#view.getInt8(at)
    if (size === 2) return this.#view.getInt16(at)
    if (size === 4) return this.#view.getInt32(at)
    return this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4)
  }

  #text(length: number): string {
    const start = this.#skip(length)
    if (length > 64) return text.decode(this.#bytes.subarray(start, start + length))
    let short = ''
    for (let at = start; at < start + length; at++) {
      const code = this.#bytes[at] ?? 0
      if (code > 0x7f) return text.decode(this.#bytes.subarray(start, start + length))
      short += String.fromCharCode(code)
    }
    return short
  }
}

const isMap = (head: number) => (head & 0xf0) === 0x80 || head === 0xde || head === 0xdf
const isArray = (head: number) => (head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd
const isString = (head: number) => (head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb)
