import { expect, test } from 'vitest'
import { type Sender, Turns } from './turns.ts'

/** Senders that note who sent, in order; those in `gone` cannot. */
function crowd(count: number, gone: ReadonlySet<number> = new Set()) {
  const sent: number[] = []
  const senders = Array.from(
    { length: count },
    (_, index): Sender => ({
      send: () => {
        if (gone.has(index)) return false
        sent.push(index)
        return true
      },
    }),
  )
  return { senders, sent }
}

test('BN2 one fix of every device goes after the other, whoever is answered late', async () => {
  const { senders, sent } = crowd(3)
  const turns = new Turns(senders, 3, 4)
  const run = turns.run()
  expect(sent).toEqual([0, 1, 2, 0])
  turns.ended(1)
  turns.ended(2)
  expect(sent).toEqual([0, 1, 2, 0, 1, 2, 0])
  turns.ended(4)
  expect(sent).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
  turns.ended(2)
  await run
})

test('BN2 a device that has gone holds up nobody, and its unanswered fixes free their places', async () => {
  const gone = new Set([1])
  const { senders, sent } = crowd(3, gone)
  const turns = new Turns(senders, 2, 2)
  const run = turns.run()
  expect(sent).toEqual([0, 2])
  gone.add(2)
  turns.ended(1)
  expect(sent).toEqual([0, 2, 0])
  turns.ended(2)
  await run
})
