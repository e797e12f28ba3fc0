import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemEnv } from '../../engine/system_env.ts'
import { limits } from '../../protocols/limits.ts'
import { askJetStream, connectNats } from '../nats.ts'
import { ensureStreams } from '../streams.ts'
import { freePort } from './free_port.ts'
import { natsConfig, natsReady } from './nats_server.ts'
import { spawnNats } from './programs.ts'
import { isShortOfRoom, roomFor } from './room.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-room-'))
  ends.push(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
  return dir
}

test('OU5 what the log holds already does not count against the room it has', async () => {
  const dir = await folder()
  const empty = await roomFor(dir)
  const bytes = 512 * 1024 * 1024
  // Ours alone grows by as much as the disk loses: others may write meanwhile, but not half of that.
  await writeFile(join(dir, 'a.blk'), Buffer.alloc(bytes / 8))
  expect(Math.abs((await roomFor(dir)) - empty)).toBeLessThan(bytes / 16)
})

/** A nats-server of ours whose streams may take so many bytes. */
async function server(store_bytes_max: number) {
  const store_dir = await folder()
  const [port, monitor_port] = [await freePort(), await freePort()]
  const config = join(store_dir, 'nats.conf')
  await writeFile(config, natsConfig({ port, monitor_port, store_dir, name: 'room', store_bytes_max }))
  const child = spawnNats(config, 'ignore')
  ends.push(() => void child.kill('SIGKILL'))
  child.stdin?.write('go\n')
  const monitor_url = `http://127.0.0.1:${monitor_port}`
  await natsReady(monitor_url, limits.store_ready_ms)
  const url = `nats://127.0.0.1:${port}`
  const link = await connectNats({ url, name: 'room-test', env: systemEnv('error') })
  ends.push(() => link.close())
  return { store_dir, monitor_url, link }
}

test('OU5 a server that has filled its bound is started anew when there is room, and not before it is full', async () => {
  const { store_dir, monitor_url, link } = await server(limits.nats_payload_bytes_max + 4_000_000)
  expect(await isShortOfRoom(monitor_url, store_dir)).toBe(false)
  const stream = { name: 'FULL', subjects: ['full'], storage: 'file', retention: 'limits' }
  await askJetStream(link, 'STREAM.CREATE.FULL', stream)
  for (let sent = 0; sent < 5; sent++) await link.request('full', new Uint8Array(1_000_000))
  expect(await isShortOfRoom(monitor_url, store_dir)).toBe(true)
})

test('OU5 on a small disk the streams take what there is, and every later start finds them', async () => {
  const { link } = await server(4 * limits.stream_bytes_min)
  const deployment = { shards: 8, replicas: 1 }
  await ensureStreams(link, deployment)
  await ensureStreams(link, deployment)
  const { config } = await askJetStream<{ config: { max_bytes: number } }>(
    link,
    'STREAM.INFO.RUNNER_EVENTS',
    {},
  )
  expect(config?.max_bytes).toBeGreaterThanOrEqual(limits.stream_bytes_min)
})
