import { expect, test } from 'vitest'
import { MemoryTopics } from './memory_topics.ts'
import { acceptedFrames, topicsContract } from './topics.contract.ts'

topicsContract('memory', async () => {
  const topics = new MemoryTopics()
  return {
    topics,
    stored: async (stream) => topics.read(stream),
    letters: async (shard) =>
      topics.letters.filter((kept) => kept.shard === shard).map(({ letter }) => letter),
    close: async () => undefined,
  }
})

test('TP6 topics that cannot be reached reject, and a full queue drops a report and counts it', async () => {
  const topics = new MemoryTopics()
  topics.down = true
  await expect(topics.publish(acceptedFrames(1, 1))).rejects.toMatchObject({ name: 'Fault', retry: true })
  topics.down = false
  await topics.publish(acceptedFrames(1, 1))
  expect(topics.read('BOOKING_EVENTS')).toHaveLength(1)
  topics.full = true
  const from = { actor: 'runner', id: 'r' }
  expect(topics.report({ from, type: 'runner.location_update', key: 'k', at_ms: 0, data: {} })).toBe(false)
  expect(topics.reports_dropped).toBe(1)
})
