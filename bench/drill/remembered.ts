// A log so long that whoever reads it remembers as many commands as he ever will.
import { behaviours } from '../../actors/behaviours.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Thread } from '../../engine/thread.ts'
import { startEmbedded } from '../../persistence/embedded/embedded.ts'
import { openJournal } from '../../persistence/journal.ts'
import { connectNats } from '../../persistence/nats.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { limits } from '../../protocols/limits.ts'
import { shardOf } from '../../protocols/shard.ts'
import { driversAround, shards, threadOn } from '../thread.ts'

const at_once = 4_000
const patience_ms = 60_000
const by = { id: '00000000-0000-4000-8000-000000000000', role: 'service' } as const
/** Of a booking that nobody has asked for there is nothing to release: a record of the command, and no event. */
const command = { type: 'booking.release_pending', runner_id: by.id, reason: 'expired', attempt: 1 }

/**
 * Before an engine first starts on `data_dir`: carries out so many steps that nothing comes of as the memory of command
 * ids holds, in every shard, and leaves them in the log. Rejects when one is refused, or the log cannot be had.
 */
export async function rememberCommands(data_dir: string, note: (line: string) => void): Promise<void> {
  const env = systemEnv('error')
  const embedded = await startEmbedded({
    data_dir,
    nats: true,
    database: false,
    log: (level, what) => {
      if (level === 'error') note(what)
    },
  })
  try {
    const link = await connectNats({ url: embedded.nats_url, name: 'kilat-drill', env })
    await ensureStreams(link, { shards, replicas: 1 })
    const thread = threadOn(driversAround(await openJournal(link)), behaviours)
    await thread.open()
    await fill(thread)
    await thread.drain()
    note(`${shards} shards remember ${limits.keys_per_shard_max} commands each`)
    await link.close()
  } finally {
    await embedded.stop()
  }
}

async function fill(thread: Thread): Promise<void> {
  const env = systemEnv('error')
  const missing: number[] = Array.from({ length: shards }, () => limits.keys_per_shard_max)
  let under_way: Promise<unknown>[] = []
  while (missing.some((count) => count > 0)) {
    const id = env.uuid()
    const shard = shardOf(id, shards)
    const left = missing[shard] ?? 0
    if (left === 0) continue
    missing[shard] = left - 1
    under_way.push(sent(thread, env.uuid(), id))
    if (under_way.length < at_once) continue
    await Promise.all(under_way)
    under_way = []
  }
  await Promise.all(under_way)
}

async function sent(thread: Thread, id: string, booking_id: string): Promise<void> {
  const to = { actor: 'booking', id: booking_id }
  const answer = await thread.submit({
    id,
    to,
    command,
    by,
    lane: 'control',
    deadline_ms: Date.now() + patience_ms,
  })
  if (!answer.ok) throw new Error(`${command.type}: ${answer.rejection.rejected}`)
}
