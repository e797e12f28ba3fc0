import { afterAll, expect, test } from 'vitest'
import { journalContract } from '../engine/journal.contract.ts'
import { systemEnv } from '../engine/system_env.ts'
import { openJournal } from './journal.ts'
import { connectNats } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats } from './testing.ts'

const env = systemEnv('error')
const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers.reverse()) await close()
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
  const changed = (to: boolean) =>
    new Promise<void>((resolve) => {
      const stop = link.onChange((connected) => {
        if (connected !== to) return
        stop()
        resolve()
      })
    })
  const lost = changed(false)
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
  const back = changed(true)
  await server.restart()
  await back
  const last = await journal.last(1)
  expect(['a', 'b']).toContain(last?.id)
  await expect(journal.append(1, 'd', new Uint8Array([4]), last?.seq ?? 0)).resolves.toBeGreaterThan(seq)
})
