import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../../persistence/embedded/embedded.ts'
import { copyDatabase } from '../../persistence/testing.ts'
import type { StoreUrls } from '../stack.ts'

/** Stores of a drill's own that no engine of it has started, so that they outlive every engine. They end with this process. */
export interface DrillStores extends StoreUrls {
  /** Ends them and removes what they held. */
  stop(): Promise<void>
}

export async function startStores(note: (line: string) => void): Promise<DrillStores> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-stores-'))
  await copyDatabase(join(dir, 'database'))
  const embedded = await startEmbedded({
    data_dir: dir,
    nats: true,
    database: true,
    log: (level, what) => {
      if (level === 'error') note(what)
    },
  })
  const { nats_url, nats_monitor_url, database_url } = embedded
  const stop = async () => {
    await embedded.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  return { nats_url, nats_monitor_url, database_url, stop }
}
