/** What every implementation of the public topics promises. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventRecord } from '../protocols/frame.ts'
import type { TopicStream } from '../protocols/topics.ts'
import type { StoredMessage } from './memory_topics.ts'
import type { DurableFrame, Topics } from './ports.ts'

export interface OpenedTopics {
  readonly topics: Topics
  /** What is in a topic, in order, once all reports have arrived. */
  stored(stream: TopicStream): Promise<readonly StoredMessage[]>
  /** Dead letters of a shard, in order. */
  letters(shard: number): Promise<readonly object[]>
  close(): Promise<void>
}

const runner_id = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const owner_id = '1c6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f61'
/** 2026-09-21T14:13:20.123Z. */
const at_ms = 1_790_000_000_123

const recordOf = (kind: string, id: string, seq: number, type: string, data: object): EventRecord => ({
  kind,
  id,
  seq,
  type,
  version: 1,
  by: { id: runner_id, role: 'runner' },
  cause: `cause-${seq}`,
  at_ms,
  data,
})

const frameOf = (shard: number, n: number, events: readonly EventRecord[]): DurableFrame => ({
  seq: n * 10,
  frame: { shard, n, at_ms, commands: [], events },
})

export const bookingId = (index: number) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`

/** Frames of a shard with one public event each, and one that is not public. */
export const acceptedFrames = (shard: number, count: number): DurableFrame[] =>
  Array.from({ length: count }, (_, index) => {
    const id = bookingId(index)
    const held = { booking_number: 'ABCDEF', owner_id, runner_id }
    return frameOf(shard, index + 1, [
      recordOf('booking', id, 1, 'booking.runner_pending', { runner_id, requirement: {} }),
      recordOf('booking', id, 2, 'booking.accepted', held),
    ])
  })

/** What the tests see of the topics under test. */
interface Subject {
  readonly opened: OpenedTopics
  /** Ids of a topic's events that came from a shard. */
  idsOf(stream: TopicStream, shard: number): Promise<readonly string[]>
}

/** Runs the suite; one set of topics, empty at first, serves all of it. Each test has shards of its own. */
export function topicsContract(name: string, open: () => Promise<OpenedTopics>): void {
  describe(`the topics (${name})`, () => {
    let opened: OpenedTopics | undefined
    const subject: Subject = {
      get opened() {
        if (!opened) throw new Error('the topics are not open')
        return opened
      },
      idsOf: async (stream, shard) =>
        (await subject.opened.stored(stream)).map(({ id }) => id).filter((id) => id.startsWith(`${shard}:`)),
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())
    eventsInTopics(subject)
    reportsAndLetters(subject)
  })
}

function eventsInTopics(subject: Subject): void {
  test('TP1 public events reach their topic in order, as CloudEvents, and the others do not', async () => {
    await subject.opened.topics.publish(acceptedFrames(1, 3))
    expect(await subject.idsOf('BOOKING_EVENTS', 1)).toEqual(['1:1:1', '1:2:1', '1:3:1'])
    const first = (await subject.opened.stored('BOOKING_EVENTS')).find(({ id }) => id === '1:1:1')
    expect(first?.subject).toBe(`booking.events.${bookingId(0)}.accepted`)
    expect(first?.message).toMatchObject({ specversion: '1.0', id: '1:1:1', type: 'booking.accepted' })
  })

  test('TP2 frames that are published again, in other portions, change nothing', async () => {
    const frames = acceptedFrames(2, 600)
    await subject.opened.topics.publish(frames.slice(0, 300))
    await subject.opened.topics.publish(frames.slice(100, 450))
    await subject.opened.topics.publish(frames.slice(290))
    await subject.opened.topics.publish(frames.slice(599))
    expect(await subject.idsOf('BOOKING_EVENTS', 2)).toEqual(frames.map(({ frame }) => `2:${frame.n}:1`))
  })

  test('TP3 events of several topics in one frame each go to their own', async () => {
    const id = bookingId(7)
    const track = { track_id: id, runner_id, owner_id }
    await subject.opened.topics.publish([
      frameOf(3, 1, [
        recordOf('trip', id, 1, 'tracking.started', track),
        recordOf('runner', runner_id, 4, 'runner.offline', { runner_id }),
        recordOf('runner', runner_id, 5, 'runner.online', { runner_id, latitude: 0, longitude: 103.5 }),
      ]),
    ])
    expect(await subject.idsOf('TRACKING_EVENTS', 3)).toEqual(['3:1:0'])
    expect(await subject.idsOf('RUNNER_EVENTS', 3)).toEqual(['3:1:1', '3:1:2'])
    expect(await subject.idsOf('BOOKING_EVENTS', 3)).toEqual([])
  })

  test('TP3 nothing to publish is published at once', async () => {
    await expect(subject.opened.topics.publish([])).resolves.toBeUndefined()
    await expect(subject.opened.topics.publish([frameOf(4, 1, [])])).resolves.toBeUndefined()
  })
}

function reportsAndLetters(subject: Subject): void {
  test('TP4 a report reaches the topic of the one it is from, once per key', async () => {
    const from = { actor: 'runner', id: runner_id }
    const data = { runner_id, latitude: 1.5, longitude: 0 }
    const report = { from, type: 'runner.location_update', key: `${runner_id}:boot:1`, at_ms, data }
    expect(subject.opened.topics.report(report)).toBe(true)
    expect(subject.opened.topics.report(report)).toBe(true)
    expect(subject.opened.topics.report({ ...report, key: `${runner_id}:boot:2` })).toBe(true)
    const stored = (await subject.opened.stored('RUNNER_EVENTS')).filter(({ id }) => id.includes(':boot:'))
    expect(stored.map(({ id }) => id).sort()).toEqual([`${runner_id}:boot:1`, `${runner_id}:boot:2`])
    expect(stored[0]?.subject).toBe(`runner.events.${runner_id}.location_update`)
    expect(stored.find(({ id }) => id.endsWith(':1'))?.message).toEqual({
      specversion: '1.0',
      id: `${runner_id}:boot:1`,
      source: 'service-runner',
      type: 'runner.location_update',
      time: '2026-09-21T14:13:20.123Z',
      datacontenttype: 'application/json',
      subject: runner_id,
      data: {
        runner_id,
        latitude: 1.5,
        longitude: 0,
        occurred_at: '2026-09-21T14:13:20Z',
      },
    })
  })

  test('TP5 dead letters are kept for their shard', async () => {
    await subject.opened.topics.dead(5, { why: 'poison', tries: 3 })
    await subject.opened.topics.dead(5, { why: 'refused' })
    expect(await subject.opened.letters(5)).toEqual([{ why: 'poison', tries: 3 }, { why: 'refused' }])
    expect(await subject.opened.letters(6)).toEqual([])
  })
}
