import type { Histogram } from 'hdr-histogram-js'
import type { ShardHost } from '../../engine/host.ts'
import type { Journal } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { openJournal } from '../../persistence/journal.ts'
import { connectNats } from '../../persistence/nats.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { startNats } from '../../persistence/testing.ts'
import { encodeRecord } from '../../protocols/codec.ts'
import type { EventRecord, Frame } from '../../protocols/frame.ts'
import { Random } from '../city/random.ts'
import { counterBehaviour } from '../counter.ts'
import { histogram, percentileMs, recordMs } from '../histogram.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'
import { driversAround, shards, threadOn } from '../thread.ts'

const counters = 10_000
const service = { id: '00000000-0000-4000-8000-000000000000', role: 'service' } as const

interface Round {
  readonly per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
}

/** Lets `clients` do one thing after another for `ms`; every one of them that was done counts. */
async function closedLoop(
  clients: number,
  ms: number,
  once: (client: number) => Promise<number>,
): Promise<Round> {
  const latency: Histogram = histogram()
  const start = performance.now()
  const end = start + ms
  let done = 0
  const client = async (_: unknown, index: number) => {
    for (let now = performance.now(); now < end; ) {
      const count = await once(index)
      done += count
      const then = performance.now()
      recordMs(latency, then - now)
      now = then
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const per_s = (done * 1_000) / (performance.now() - start)
  return { per_s, p50_ms: percentileMs(latency, 50), p99_ms: percentileMs(latency, 99) }
}

function commandsAt(host: ShardHost, random: Random) {
  const ids = Array.from({ length: counters }, () => random.uuid())
  let command = 0
  return async (): Promise<number> => {
    command += 1
    const answer = await host.submit({
      id: `c${command}`,
      to: { actor: 'counter', id: random.pick(ids) },
      command: { type: 'counter.add', amount: 1 } as { type: string },
      by: service,
      deadline_ms: Date.now() + 10_000,
      lane: 'command',
    })
    if (!answer.ok) throw new Error(`a command was refused: ${answer.rejection.rejected}`)
    return 1
  }
}

/** The same frames, full as the closed loop can fill them and encoded beforehand, with no actor behind them. */
async function framesAt(journal: Journal, clients: number) {
  const commands = Math.max(1, Math.floor(clients / shards))
  const bytes = encodeRecord(frameOf(commands))
  const last = new Array<number>(shards).fill(0)
  let frame = 0
  return async (shard: number): Promise<number> => {
    frame += 1
    last[shard] = await journal.append(shards + shard, `floor:${frame}`, bytes, last[shard] ?? 0)
    return commands
  }
}

function frameOf(commands: number): Frame {
  const id = service.id
  const at_ms = Date.now()
  const event = (index: number): EventRecord => ({
    kind: 'counter',
    id,
    seq: index + 1,
    type: 'counter.added',
    version: 1,
    by: service,
    cause: `c${index}`,
    at_ms,
    data: { amount: 1 },
  })
  return {
    v: 1,
    shard: 0,
    epoch: 1,
    writer: id,
    n: 1,
    prev_seq: 0,
    prev_hash: 'a'.repeat(64),
    at_ms,
    commands: Array.from({ length: commands }, (_, index) => ({
      id: `c${index}`,
      to: { actor: 'counter', id },
      type: 'counter.add',
      body: { amount: 1 },
      body_hash: index,
      by: service,
      policy: 1,
      at_ms,
      first: index,
      count: 1,
    })),
    events: Array.from({ length: commands }, (_, index) => event(index)),
    settled: [],
  }
}

async function run(options: Options) {
  const clients = options.size('clients', 256)
  const ms = options.size('seconds', 4) * 1_000
  const nats = await startNats()
  const env = systemEnv('error')
  const link = await connectNats({ url: nats.url, name: 'bench', env })
  try {
    await ensureStreams(link, { shards, replicas: 1 })
    const journal = await openJournal(link)
    const thread = threadOn(driversAround(journal), [counterBehaviour])
    await thread.open()
    const ours = commandsAt(thread, new Random(1))
    const floor = await framesAt(journal, clients)
    const rows: { ours: Round; floor: Round }[] = []
    for (let round = 0; round <= options.rounds; round++) {
      const row = { ours: await closedLoop(clients, ms, ours), floor: await closedLoop(shards, ms, floor) }
      options.note(`  ${Math.round(row.ours.per_s)} commands/s, floor ${Math.round(row.floor.per_s)}`)
      if (round > 0) rows.push(row)
    }
    await thread.drain()
    return rowOf(rows, clients)
  } finally {
    await link.close()
    await nats.stop()
  }
}

function rowOf(rows: readonly { ours: Round; floor: Round }[], clients: number) {
  const of = (pick: (row: { ours: Round; floor: Round }) => number) => median(rows.map(pick))
  const figures = { ours: of((row) => row.ours.per_s), floor: of((row) => row.floor.per_s) }
  return resultOf('commands', 'commands/s', rows.length, figures, {
    counts: `commands of ${clients} closed-loop clients in the engine's process, each answered after its frame was synced to disk; floor: full frames, encoded beforehand`,
    p50_ms: of((row) => row.ours.p50_ms),
    p99_ms: of((row) => row.ours.p99_ms),
    floor_p99_ms: of((row) => row.floor.p99_ms),
  })
}

export const commands: Bench = {
  name: 'commands',
  target: '>= 10,000/s with p99 < 25 ms (stretch 50,000/s, 15 ms)',
  meets: ({ ours, extra }) => ours >= 10_000 && Number(extra.p99_ms) < 25,
  run,
}
