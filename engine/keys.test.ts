import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Generation, type Known } from './generation.ts'
import { Keys } from './keys.ts'
import { PackedId } from './packed_id.ts'

/** The same in two plain maps. */
class PlainKeys {
  #young = new Map<string, Known>()
  #old = new Map<string, Known>()
  readonly #generation: number

  constructor(max: number) {
    this.#generation = Math.ceil(max / 2)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  find(id: string): Known | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  add(id: string, known: Known): void {
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, known)
  }

  all(): readonly (readonly [string, Known])[] {
    return [...this.#old, ...this.#young]
  }
}

const uuid = '0a1b2c3d-4e5f-8a6b-9c7d-0123456789ab'
/** Texts that a careless packing takes for one another: nearly UUIDs, none at all, and characters of more than a byte. */
const lookalikes = [
  uuid,
  uuid.toUpperCase(),
  uuid.replaceAll('-', ''),
  uuid.slice(1),
  ` ${uuid}`,
  `${uuid} `,
  `${uuid}:a`,
  `${uuid}:${uuid}`,
  `${uuid}\0`,
  `${uuid}\u0100`,
  uuid.replace('a', 'ś'),
  uuid.replace('a', 'g'),
  uuid.replace('0', '\u0430'),
  uuid.replace('-', '0'),
  '',
  '\0',
  '\0\0',
  'a',
  'š',
  '\u0161\u0061',
  'a\0',
  '\ud800',
  '\udc00',
  '\ud800\udc00',
  '\ufffd',
  '3:141592:6:5',
  '3:141592:6:5:e3',
]
const id = fc.oneof(
  fc.constantFrom(...lookalikes),
  fc.uuid(),
  fc.tuple(fc.uuid(), fc.string({ unit: 'binary', maxLength: 4 })).map(([first, rest]) => first + rest),
  fc.nat(40).map((n) => `1:${n}:0`),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const known = fc.record({
  body_hash: fc.nat(0xffff_ffff),
  n: fc.maxSafeNat(),
  at_ms: fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true })),
})
const acts = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'find', 'all'), id, known), {
  maxLength: 300,
  size: 'max',
})

type Cut = readonly [packed: ReturnType<Keys['all']>, plain: ReturnType<PlainKeys['all']>]

/** Does the same to both, and looks whether they differ. Gives what was cut on the way. */
function played(packed: Keys, plain: PlainKeys, chosen: readonly [string, string, Known][]): readonly Cut[] {
  const cuts: Cut[] = []
  for (const [act, id, known] of chosen) {
    if (act === 'add') for (const keys of [packed, plain]) keys.add(id, known)
    if (act === 'all') cuts.push([packed.all(), plain.all()])
    expect(packed.find(id)).toEqual(plain.find(id))
    expect(packed.size).toBe(plain.size)
  }
  return cuts
}

test('EN38 whatever the ids are, the packed memory of commands is what two plain maps are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), acts, (max, chosen) => {
      const [packed, plain] = [new Keys(max), new PlainKeys(max)]
      const cuts = played(packed, plain, chosen)
      for (const each of lookalikes) expect(packed.find(each)).toEqual(plain.find(each))
      // A cut that is read later is as it was.
      for (const [cut, as_it_was] of cuts.slice(-5)) expect([...cut]).toEqual(as_it_was)
      expect([...packed.all()]).toEqual(plain.all())
    }),
    { numRuns: 100, seed: 38 },
  )
})

test('EN38 ids of one hash are told apart by all that they are', () => {
  const colliding = (id: string) => {
    const packed = new PackedId()
    packed.pack(id)
    packed.hash = 31
    return packed
  }
  const ids = lookalikes.slice(0, 24)
  const generation = new Generation(ids.length)
  for (const [n, id] of ids.entries()) {
    expect(generation.find(colliding(id))).toBe(undefined)
    generation.set(colliding(id), { body_hash: n, n, at_ms: n })
  }
  for (const [n, id] of ids.entries()) expect(generation.find(colliding(id))).toMatchObject({ n })
  expect(Array.from(generation, ([id]) => id)).toEqual(ids)
})

test('EN38 an empty memory takes no bytes, a full one less than 48 a UUID, and what comes later takes no more', () => {
  const keys = new Keys(20_000)
  expect(keys.bytes).toBe(0)
  const known = { body_hash: 1, n: 1, at_ms: 1 }
  const idAt = (index: number) => `${uuid.slice(0, -8)}${index.toString(16).padStart(8, '0')}`
  for (let index = 0; index < 20_000; index++) keys.add(idAt(index), known)
  const full = keys.bytes
  expect(full / keys.size).toBeLessThan(48)
  for (let index = 20_000; index < 50_000; index++) keys.add(idAt(index), known)
  expect(keys.bytes).toBeLessThanOrEqual(full)
  expect(keys.find(idAt(49_999))).toEqual(known)
  expect(keys.find(idAt(29_999))).toBe(undefined)
})
