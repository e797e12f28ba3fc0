import { expect, test } from 'vitest'
import { compare, differential, shown } from './differential.ts'
import { startServers } from './differential_sides.ts'
import type { SimJetStream } from './jetstream.ts'

test('SJ13 the model answers as one server does, and as a cluster does, and keeps the same log', async () => {
  const lines: string[] = []
  const differences = await differential({ seed: 1, rounds: 6, print: (line) => lines.push(line) })
  expect(lines.filter((line) => !line.endsWith('alike'))).toEqual([])
  expect([differences, lines.length]).toEqual([0, 12])
})

const change = (name: string, config: object) => (nats: SimJetStream) => {
  const stream = nats.stream(name)
  stream.config = { ...stream.config, ...config }
}

test('SJ14 a model that is wrong in one thing is found, and what shows it is shrunk to a few operations', async () => {
  const wrong = {
    'ids are not remembered': change('EV0', { duplicate_window: 0 }),
    'a full stream takes more': change('SMALL', { max_bytes: -1 }),
    'the oldest stay': change('BRIEF', { max_msgs: -1 }),
    'batches are refused': change('BOOKING_EVENTS', { allow_atomic: false }),
    'deleting is allowed': change('EV0', { deny_delete: false }),
  }
  const servers = await startServers(1)
  const plan = { length: 60, waits: 0, restarts: 0 }
  try {
    for (const [what, spoil] of Object.entries(wrong)) {
      let found = await compare(servers, { seed: 1, plan, spoil })
      for (let seed = 2; seed <= 20 && !found; seed++) found = await compare(servers, { seed, plan, spoil })
      expect(found, what).toBeDefined()
      if (!found) continue
      expect(found.operations.length, what).toBeLessThan(10)
      expect(found.server).not.toBe(found.model)
      expect(shown(found)).toContain(`--differential --seed ${found.seed}`)
    }
  } finally {
    await servers.stop()
  }
})
