// Changes to bytes and to JSON, as fast-check values: a failing input shrinks by leaving changes out.
import fc, { type Arbitrary } from 'fast-check'

/** A change to bytes in one number: what is done, where, with which byte, over how many. Without bias each place is as likely as any. */
const edit = fc.noBias(fc.nat(0x3fff_ffff))

/** None at all is an input as well: what was recorded must still be understood. */
export const edits: Arbitrary<readonly number[]> = fc.array(edit, { maxLength: 5, size: 'max' })

const encoder = new TextEncoder()
/** What parsers trip over. */
const tokens: readonly Uint8Array[] = [
  '\0',
  '"',
  '\\u0000',
  '__proto__',
  '\r\n\r\n',
  '%00',
  '../../',
  '[[[[[[[[[[[[[[[[',
  '1e999',
  '-0',
  '9007199254740993',
  '\ud800',
  "';--",
  '\u202e',
].map((text) => encoder.encode(text))

/** Each way to change bytes at a place. `value` is a byte, `length` at most 63. */
const ways: readonly ((bytes: Uint8Array, at: number, value: number, length: number) => Uint8Array)[] = [
  (bytes, at, value) => replaced(bytes, at, 1, [value]),
  (bytes, at, value) => replaced(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << (value & 7))]),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, _value, length) => replaced(bytes, at, length, []),
  (bytes, at, value, length) => replaced(bytes, at, 0, new Uint8Array(length).fill(value)),
  (bytes, at, _value, length) => replaced(bytes, at, 0, bytes.subarray(at, at + length)),
  (bytes, at, value) => replaced(bytes, at, 0, tokens[value % tokens.length] ?? []),
  (bytes, at, value, length) => replaced(bytes, at, length, bytes.subarray(value, value + length)),
]

function replaced(bytes: Uint8Array, at: number, gone: number, put: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + gone))
  const made = new Uint8Array(at + put.length + rest.length)
  made.set(bytes.subarray(0, at))
  made.set(put, at)
  made.set(rest, at + put.length)
  return made
}

/** The bytes after all changes; what was given stays as it is. */
export function edited(bytes: Uint8Array, changes: readonly number[]): Uint8Array {
  let now = bytes
  for (const change of changes) {
    const at = Math.floor((((change >>> 17) & 0x1fff) / 0x2000) * (now.length + 1))
    now = ways[change & 7]?.(now, at, (change >>> 3) & 0xff, (change >>> 11) & 0x3f) ?? now
  }
  return now
}

/** Values that no field expects; `undefined` takes the field away. */
const hostile = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown[]>(
      undefined,
      null,
      '',
      '\0',
      'a\0b',
      '\ud800',
      '\u202e\u0000',
      '𝕏'.repeat(300),
      'x'.repeat(5_000),
      '__proto__',
      'constructor',
      '../../etc/passwd',
      "'; DROP TABLE users; --",
      '<script>alert(1)</script>',
      '2026-02-30T25:61:61Z',
      '9999-12-31T23:59:59.999999999+14:00',
      '0000-00-00T00:00:00Z',
      'Infinity',
      true,
      0,
      -1,
      0.1,
      1e308,
      -1e308,
      Number.MAX_SAFE_INTEGER,
      2 ** 53,
      2 ** 63,
      5e-324,
      [],
      {},
      [[[[[[[[[[]]]]]]]]]],
      { toString: 1, valueOf: 1, length: -1 },
      JSON.parse('{"then":1,"rejected":"overloaded","detail":""}'),
      JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2, depthSize: 'small' }) as Arbitrary<unknown> },
)

export type JsonEdit = readonly [where: number, value: unknown]
export const jsonEdits: Arbitrary<readonly JsonEdit[]> = fc.array(
  fc.tuple(fc.noBias(fc.nat(0xffff)), hostile),
  { maxLength: 3, size: 'max' },
)

type Holder = Record<string, unknown>

/** A copy of a JSON value with some of its fields replaced, taken away, or added under a name that nobody knows. */
export function editedJson(value: unknown, changes: readonly JsonEdit[]): unknown {
  const root: Holder = { value: copied(value) }
  for (const [where, given] of changes) {
    const put = copied(given)
    const spots = spotsOf(root)
    const spot = spots[where % spots.length]
    if (!spot) continue
    if (put === undefined) delete spot.holder[spot.key]
    else if (where % 11 === 0) spot.holder[`x${where}`] = put
    else spot.holder[spot.key] = put
  }
  return root.value
}

const copied = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copied)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]))
}

/** Every place of a document that holds a value, the outermost first. */
function spotsOf(holder: Holder): readonly { readonly holder: Holder; readonly key: string }[] {
  return Object.keys(holder).flatMap((key) => {
    const inner = holder[key]
    const deeper = typeof inner === 'object' && inner !== null ? spotsOf(inner as Holder) : []
    return [{ holder, key }, ...deeper]
  })
}
