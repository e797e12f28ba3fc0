import { spawnSync } from 'node:child_process'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { Disk, diskTrouble } from './disk.ts'
import { judgeLog } from './nats_gone.ts'
import { outage } from './outage.ts'

const size_mb = 512
const gone_ms = { short: 10_000, long: 30_000 } as const
/** What is left to the log when somebody else has filled the disk. */
const left_bytes = 256 * 1024

/** Somebody fills the disk of the log to its end, and later makes room again. */
export async function diskFull(options: DrillOptions): Promise<Outcome> {
  const trouble = await diskTrouble()
  if (trouble !== undefined) throw new Error(`it cannot be run: ${trouble}`)
  let disk: Disk | undefined
  const ballast = (data_dir: string) => join(data_dir, 'nats', 'ballast')
  return outage(options, {
    name: 'diskfull',
    gone_ms: gone_ms[options.form],
    prepare: async (data_dir) => {
      disk = await Disk.make(join(data_dir, '..'), join(data_dir, 'nats'), size_mb)
    },
    ended: async () => disk?.remove(),
    begin: ({ data_dir }) => fill(ballast(data_dir)),
    end: ({ data_dir }) => rm(ballast(data_dir)),
    judge: (of) => [
      ...judgeLog(of('command')),
      ...(of('read').answered === 0 ? ['nothing could be read while the disk was full'] : []),
    ],
  })
}

async function fill(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(join(path, '..'))
  const { status, stderr } = spawnSync('fallocate', ['-l', String(bavail * bsize - left_bytes), path])
  if (status !== 0) throw new Error(`the disk could not be filled: ${stderr}`)
}
