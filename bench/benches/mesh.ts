import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { boardBytes } from '../../engine/board.ts'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import { Link } from '../../engine/mesh.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { threadOf } from '../../engine/thread.ts'
import { shardOf } from '../../protocols/shard.ts'
import { Random } from '../city/random.ts'
import { counterBehaviour } from '../counter.ts'
import type { MeshBirth } from '../load/mesh_worker.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'
import { driversAround, shards, threadOn, wireOf } from '../thread.ts'
import { asks, tells } from './actors.ts'

// Beside the folder of this file once it is built.
const script = new URL('../load/mesh_worker.js', import.meta.url)
const actors = 10_000
const open = 4_096

async function run({ rounds, size, note }: Options) {
  const ms = size('seconds', 1) * 1_000
  const { port1, port2 } = new MessageChannel()
  const board = new SharedArrayBuffer(boardBytes(shards, 2))
  const birth: MeshBirth = { port: port2, board }
  const worker = new Worker(script, { workerData: birth, transferList: [port2] })
  try {
    await once(worker, 'message')
    const env = systemEnv('error')
    const place = { thread: 0, threads: 2, board }
    const here = threadOn(driversAround(new MemoryJournal()), [counterBehaviour], place, env)
    here.meet(1, new Link(env, wireOf(port1), here))
    await here.open()
    const random = new Random(9)
    const theirs = Array.from({ length: 2 * actors }, () => random.uuid()).filter(
      (id) => threadOf(shardOf(id, shards), 2) === 1,
    )
    const rows: { ask: number; tell: number }[] = []
    for (let round = 0; round <= rounds; round++) {
      const row = { ask: await asks(here, theirs, ms, open), tell: await tells(here, theirs, ms) }
      note(`  ask ${Math.round(row.ask)}/s, tell ${Math.round(row.tell)}/s`)
      if (round > 0) rows.push(row)
    }
    return resultOf(
      'mesh',
      'asks/s',
      rounds,
      { ours: median(rows.map(({ ask }) => ask)) },
      {
        counts: `questions to actors of another thread, ${open} open at a time, each answered; tells are signals with an ack, 256 open`,
        tells_per_s: median(rows.map(({ tell }) => tell)),
      },
    )
  } finally {
    await worker.terminate()
  }
}

export const mesh: Bench = {
  name: 'mesh',
  target: '1 M asks/s (full target; no bound yet)',
  meets: ({ ours }) => ours >= 1_000_000,
  run,
}
