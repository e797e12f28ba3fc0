import { expect, test } from 'vitest'
import { idAt, stand, until } from './counter.given.ts'
import { engine_instruments, Tally } from './meters.ts'

const valuesOf = (tally: Tally<typeof engine_instruments>, name: keyof typeof engine_instruments) =>
  tally.samples(name).map(({ series, labels, value }) => [series, Object.values(labels).join(' '), value])

test('OB10 counters count by label, and reading them changes nothing', () => {
  const tally = new Tally(engine_instruments)
  tally.count('commands_total', 1, 'a', 'done')
  tally.count('commands_total', 2, 'a', 'done')
  tally.count('commands_total', 1, 'a', 'overloaded')
  const expected = [
    ['commands_total', 'a done', 3],
    ['commands_total', 'a overloaded', 1],
  ]
  expect(valuesOf(tally, 'commands_total')).toEqual(expected)
  expect(valuesOf(tally, 'commands_total')).toEqual(expected)
})

test('OB10 a histogram is cumulative, its last bucket holds all, and a bound belongs to its bucket', () => {
  const tally = new Tally(engine_instruments)
  for (const events of [1, 2, 2, 3, 5_000]) tally.observe('frame_events', events)
  const byBound = Object.fromEntries(
    valuesOf(tally, 'frame_events').map(([series, le, value]) => [`${series} ${le}`, value]),
  )
  expect(byBound).toMatchObject({
    'frame_events_bucket 1': 1,
    'frame_events_bucket 2': 3,
    'frame_events_bucket 4': 4,
    'frame_events_bucket 2048': 4,
    'frame_events_bucket +Inf': 5,
    'frame_events_sum ': 5_008,
    'frame_events_count ': 5,
  })
})

test('OB11 a label with too many values is counted as other', () => {
  const tally = new Tally(engine_instruments)
  for (let each = 0; each < 3_000; each++) tally.count('commands_total', 1, `type ${each}`, 'done')
  const samples = tally.samples('commands_total')
  expect(samples.length).toBeLessThanOrEqual(2_001)
  expect(samples.at(-1)).toMatchObject({ labels: { type: 'other', outcome: 'other' }, value: 1_000 })
})

test('OB12 a shard counts its commands, frames and effects, and tells what waits', async () => {
  const tally = new Tally(engine_instruments)
  const here = await stand({ meters: tally })
  await until(here.env, here.send(idAt(1), { add: 1 }))
  expect(tally.samples('commands_total')).toMatchObject([{ labels: { outcome: 'done' }, value: 1 }])
  const counts = (name: 'frame_events' | 'frame_append_seconds') =>
    tally.samples(name).find(({ series }) => series === `${name}_count`)?.value
  expect([counts('frame_events'), counts('frame_append_seconds')]).toEqual([1, 1])
  for (const shard of [0, 1]) here.stores.journal.fail(shard, 'hang')
  const waiting = here.send(idAt(1), { add: 1 })
  await here.env.advance(10)
  expect(here.thread.gauges).toMatchObject({ gate_waiting: 1, resident_actors: 1, mailbox_depth: 0 })
  for (const shard of [0, 1]) here.stores.journal.faults.set(shard, [])
  here.stores.journal.release()
  await until(here.env, waiting)
  expect(here.thread.gauges).toMatchObject({ gate_waiting: 0, projection_lag_frames: expect.any(Number) })
})
