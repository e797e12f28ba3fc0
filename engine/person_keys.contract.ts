/** What every store of personal keys promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PersonKeys } from '../protocols/person_keys.ts'

interface OpenKeys {
  readonly keys: PersonKeys
  close(): Promise<void>
}

const now_ms = Date.UTC(2026, 0, 15, 10, 0, 0, 123)
const personId = (number: number) => `70000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const keyOf = (number: number) => new Uint8Array(61).fill(number)

/** Runs the suite. `open` gives an empty store; one serves the whole suite. */
export function personKeysContract(name: string, open: () => Promise<OpenKeys>): void {
  describe(`the personal keys (${name})`, () => {
    let opened: OpenKeys | undefined
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(() => opened?.close())
    const subject = () => {
      if (!opened) throw new Error('the personal keys are not open')
      return opened.keys
    }
    keeping(subject)
    erasing(subject)
  })
}

function keeping(subject: () => PersonKeys): void {
  test('PD1 of many who bring a first key for a person one is kept, and all are told which', async () => {
    const kept = await Promise.all([1, 2, 3, 4].map((number) => subject().keep(personId(1), keyOf(number))))
    const [first] = kept
    expect(first?.wrapped).toBeDefined()
    for (const each of kept) expect(each).toEqual(first)
    expect(await subject().find([personId(1), personId(2), personId(1)])).toEqual([first])
    expect(await subject().find([])).toEqual([])
  })

  test('PD2 a key is wrapped anew only in the place of the one that was read', async () => {
    await subject().keep(personId(3), keyOf(3))
    expect(await subject().rewrap(personId(3), keyOf(9), keyOf(4))).toBe(false)
    expect(await subject().rewrap(personId(3), keyOf(3), keyOf(4))).toBe(true)
    expect(await subject().find([personId(3)])).toEqual([{ person_id: personId(3), wrapped: keyOf(4) }])
  })
}

function erasing(subject: () => PersonKeys): void {
  test('PD3 an erased key is gone for ever, and nobody gets another under its id', async () => {
    await subject().keep(personId(5), keyOf(5))
    await subject().erase(personId(5), now_ms)
    await subject().erase(personId(5), now_ms + 60_000)
    await subject().erase(personId(6), now_ms + 1_000)
    const gone = [{ person_id: personId(5), wrapped: undefined }]
    expect(await subject().find([personId(5)])).toEqual(gone)
    expect(await subject().keep(personId(5), keyOf(6))).toEqual(gone[0])
    expect(await subject().rewrap(personId(5), keyOf(5), keyOf(6))).toBe(false)
    expect(await subject().erasedSince(now_ms, 10)).toEqual([personId(6), personId(5)])
    expect(await subject().erasedSince(now_ms + 1, 10)).toEqual([personId(6)])
    expect(await subject().erasedSince(now_ms, 1)).toEqual([personId(6)])
  })

  test('PD4 keys are read page by page, without those of erased people', async () => {
    for (const number of [11, 12, 13]) await subject().keep(personId(number), keyOf(number))
    await subject().erase(personId(12), now_ms)
    const first = await subject().page(personId(10), 1)
    expect(first.map(({ person_id }) => person_id)).toEqual([personId(11)])
    const rest = await subject().page(personId(11), 10)
    expect(rest.map(({ person_id }) => person_id)).toEqual([personId(13)])
  })
}
