import type { ShardHost } from '../../engine/host.ts'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import type { Thread } from '../../engine/thread.ts'
import { Random } from '../city/random.ts'
import { counterBehaviour } from '../counter.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'
import { driversAround, threadOn } from '../thread.ts'

const actors = 10_000
const batch = 256
const service = { id: '00000000-0000-4000-8000-000000000000', role: 'service' } as const

/** Messages a second of signals that nobody waits for. */
export async function tells(host: ShardHost, ids: readonly string[], ms: number): Promise<number> {
  const signal = { type: 'counter.nudged' }
  const start = performance.now()
  let told = 0
  while (performance.now() - start < ms) {
    await new Promise<void>((resolve) => {
      let open = batch
      for (let index = 0; index < batch; index++) {
        const to = { actor: 'counter', id: ids[(told + index) % ids.length] ?? '' }
        host.signal({ to, signal, by: service }, () => {
          open -= 1
          if (open === 0) resolve()
        })
      }
    })
    told += batch
  }
  return (told * 1_000) / (performance.now() - start)
}

/** Questions a second, `batch` of them open at a time. */
export async function asks(
  host: ShardHost,
  ids: readonly string[],
  ms: number,
  open = batch,
): Promise<number> {
  const query = { type: 'counter.view' }
  const deadline_ms = Date.now() + 60_000
  const start = performance.now()
  let asked = 0
  const asker = async (_: unknown, first: number) => {
    for (let index = first; performance.now() - start < ms; index += open) {
      const id = ids[index % ids.length] ?? ''
      const answer = await host.ask({ to: { actor: 'counter', id }, query, by: service, deadline_ms })
      if (!answer.ok) throw new Error(`a question was refused: ${answer.rejection.rejected}`)
      asked += 1
    }
  }
  await Promise.all(Array.from({ length: open }, asker))
  return (asked * 1_000) / (performance.now() - start)
}

/** Actors that are born with one command each: how many a second, and what each takes of the heap. */
async function spawned(thread: Thread, count: number, random: Random) {
  globalThis.gc?.()
  const heap_before = process.memoryUsage().heapUsed
  const start = performance.now()
  for (let from = 0; from < count; from += 4_096) {
    const births = Array.from({ length: Math.min(4_096, count - from) }, async (_, index) => {
      const answer = await thread.submit({
        id: `s${from + index}`,
        to: { actor: 'counter', id: random.uuid() },
        command: { type: 'counter.add', amount: 1 } as { type: string },
        by: service,
        deadline_ms: Date.now() + 60_000,
        lane: 'command',
      })
      if (!answer.ok) throw new Error(`an actor was not born: ${answer.rejection.rejected}`)
    })
    await Promise.all(births)
  }
  const per_s = (count * 1_000) / (performance.now() - start)
  globalThis.gc?.()
  return { per_s, bytes: (process.memoryUsage().heapUsed - heap_before) / count }
}

async function run({ rounds, size, note }: Options) {
  const ms = size('seconds', 1) * 1_000
  const thread = threadOn(driversAround(new MemoryJournal()), [counterBehaviour])
  await thread.open()
  const random = new Random(5)
  const ids = Array.from({ length: actors }, () => random.uuid())
  const rows: { tell: number; ask: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    const row = { tell: await tells(thread, ids, ms), ask: await asks(thread, ids, ms) }
    note(`  tell ${Math.round(row.tell)}/s, ask ${Math.round(row.ask)}/s`)
    if (round > 0) rows.push(row)
  }
  const { per_s, bytes } = await spawned(thread, size('spawned', 100_000), random)
  return resultOf(
    'actors',
    'tells/s',
    rounds,
    { ours: median(rows.map(({ tell }) => tell)) },
    {
      counts: `signals to ${actors} actors of one thread, each perceived and acknowledged, through the engine's host interface; asks with ${batch} open; spawn is an actor born by a recorded command on a journal in memory, which keeps the bytes`,
      asks_per_s: median(rows.map(({ ask }) => ask)),
      spawns_per_s: per_s,
      heap_bytes_per_spawn: bytes,
    },
  )
}

export const actorsBench: Bench = {
  name: 'actors',
  target: 'tell 4 M/s, ask 1.2 M/s (full target; no bound yet)',
  meets: ({ ours, extra }) => ours >= 4_000_000 && Number(extra.asks_per_s) >= 1_200_000,
  run,
}
