// What a power cut takes from a log that acks before it has synced: the proof that the cut can be seen at all.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { freePort } from '../../../persistence/embedded/free_port.ts'
import { spawnGuarded } from '../../../persistence/embedded/guarded.ts'
import { natsConfig, natsProgram, natsReady } from '../../../persistence/embedded/nats_server.ts'
import { limits } from '../../../protocols/limits.ts'
import { Disk } from './disk.ts'
import { killAll, stopAll } from './stopped.ts'

const messages = 2_000
const window = 50
const payload = new Uint8Array(512).fill(7)
const size_mb = 128

export interface RawCut {
  readonly acked: number
  /** Of the acked ones, those that the server does not have after the cut. */
  readonly lost: number
}

/** Appends to a bare nats-server on a disk of its own, cuts its power amid that, and counts what is left. `sync`: as the engine wants it, else as the server comes. */
export async function cutRawLog(dir: string, sync: boolean): Promise<RawCut> {
  const disk = await Disk.make(dir, join(dir, sync ? 'raw-synced' : 'raw-unsynced'), size_mb)
  try {
    const place = { port: await freePort(), monitor_port: await freePort(), store_dir: disk.at, name: 'raw' }
    const config = join(dir, 'raw.conf')
    const text = natsConfig(place)
    await writeFile(config, sync ? text : text.replace(/^ *sync_interval:.*\n/m, ''))
    const server = await startNats(config, place.monitor_port)
    const acked = await append(place.port)
    const family = await stopAll([server])
    const image = await disk.cut()
    await killAll(family)
    await disk.boot(image)
    const again = await startNats(config, place.monitor_port)
    const kept = await countIn(place.port)
    await killAll([again])
    return { acked, lost: Math.max(0, acked - kept) }
  } finally {
    await disk.remove()
  }
}

async function startNats(config: string, monitor_port: number): Promise<number> {
  const child = spawnGuarded(natsProgram(), ['-c', config])
  await natsReady(`http://127.0.0.1:${monitor_port}`, limits.store_ready_ms)
  return child.pid ?? 0
}

async function withNats<Result>(port: number, use: (nc: NatsConnection) => Promise<Result>): Promise<Result> {
  const nc = await connect({ servers: `127.0.0.1:${port}` })
  try {
    return await use(nc)
  } finally {
    await nc.close()
  }
}

/** Several at a time; resolves with how many were acked, the newest a moment ago. */
function append(port: number): Promise<number> {
  return withNats(port, async (nc) => {
    const stream = { name: 'RAW', subjects: ['raw'], storage: 'file', retention: 'limits', num_replicas: 1 }
    await nc.request('$JS.API.STREAM.CREATE.RAW', JSON.stringify(stream))
    let acked = 0
    const publish = async () => {
      const ack = (await nc.request('raw', payload, { timeout: 10_000 })).json<{ seq?: number }>()
      if (ack.seq) acked += 1
    }
    for (let sent = 0; sent < messages; sent += window)
      await Promise.all(Array.from({ length: window }, publish))
    return acked
  })
}

/** How many the server has; a stream that it cannot find any more has none. */
function countIn(port: number): Promise<number> {
  return withNats(port, async (nc) => {
    const info = await nc.request('$JS.API.STREAM.INFO.RAW', '', { timeout: 10_000 })
    return info.json<{ state?: { messages: number } }>().state?.messages ?? 0
  })
}
