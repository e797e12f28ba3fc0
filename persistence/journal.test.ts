import { afterAll, expect, test } from 'vitest'
import { journalContract } from '../engine/journal.contract.ts'
import type { Journal } from '../engine/ports.ts'
import { systemEnv } from '../engine/system_env.ts'
import { openJournal } from './journal.ts'
import { connectNats, type NatsLink } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats } from './testing.ts'

const env = systemEnv('error')
const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

const changed = (link: NatsLink, to: boolean) =>
  new Promise<void>((resolve) => {
    const stop = link.onChange((connected) => {
      if (connected !== to) return
      stop()
      resolve()
    })
  })

async function open() {
  const server = await startNats()
  const link = await connectNats({ url: server.url, name: 'journal-test', env })
  await ensureStreams(link, { shards: 16, replicas: 1 })
  const close = async () => {
    await link.close()
    await server.stop()
  }
  return { server, link, journal: await openJournal(link), close }
}

journalContract('nats', open)

test('JN11 what is in flight when the server dies fails at once, and the log is there when it is back', async () => {
  const { server, link, journal, close } = await open()
  closers.push(close)
  const seq = await journal.append(1, 'a', new Uint8Array([1]), 0)
  const lost = changed(link, false)
  const in_flight = journal.append(1, 'b', new Uint8Array([2]), seq).catch((error: unknown) => error)
  await server.kill()
  await lost
  await in_flight
  await expect(journal.append(1, 'c', new Uint8Array([3]), seq)).rejects.toMatchObject({ retry: true })
  await expect(journal.last(1)).rejects.toMatchObject({ name: 'Fault', retry: true })
  const reading = async () => {
    for await (const entry of journal.read(1, 0, 10)) expect(entry).toBeUndefined()
  }
  await expect(reading()).rejects.toMatchObject({ retry: true })
  const back = changed(link, true)
  await server.restart()
  await back
  const last = await journal.last(1)
  expect(['a', 'b']).toContain(last?.id)
  await expect(journal.append(1, 'd', new Uint8Array([4]), last?.seq ?? 0)).resolves.toBeGreaterThan(seq)
})

test('JN17 every append that was acked before the server was killed is in the log, and at most one more', async () => {
  const { server, link, journal, close } = await open()
  closers.push(close)
  for (let round = 1; round <= 3; round++) {
    const starts = await Promise.all(shards.map(async (shard) => (await journal.last(shard))?.seq ?? 0))
    const back = changed(link, true)
    const writers = shards.map((shard, index) => appendUntilLost(journal, shard, starts[index] ?? 0, round))
    await Promise.all(writers.map(({ begun }) => begun))
    await server.kill()
    const acked = await Promise.all(writers.map(({ acked }) => acked))
    await server.restart()
    await back
    for (const [index, shard] of shards.entries()) {
      const found: string[] = []
      const last = await journal.last(shard)
      for await (const { id } of journal.read(shard, starts[index] ?? 0, last?.seq ?? 0)) found.push(id)
      const known = acked[index] ?? []
      expect(found.slice(0, known.length)).toEqual(known)
      expect(found.length - known.length).toBeLessThanOrEqual(1)
    }
  }
})

const shards = [0, 1, 2, 3, 4, 5, 6, 7]

/** One append after the other until one fails; `begun` once fifty are acked. */
function appendUntilLost(journal: Journal, shard: number, start_seq: number, round: number) {
  let enough: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    enough = resolve
  })
  const append = async () => {
    const ids: string[] = []
    let seq = start_seq
    try {
      for (;;) {
        const id = `${round}:${shard}:${ids.length}`
        seq = await journal.append(shard, id, new Uint8Array(1_000), seq)
        if (ids.push(id) === 50) enough()
      }
    } catch {
      return ids
    }
  }
  return { begun, acked: append() }
}
