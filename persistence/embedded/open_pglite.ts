import { fsyncSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'

/** Where the Node file system of PGlite keeps its operations; it brings none for sync. */
interface NodeFiles {
  readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number }
}

/**
 * Opens (or creates) the database in `data_dir` with PostGIS. PGlite starts PostgreSQL with fsync off; here a commit is
 * on disk when it is answered, as with a server: an account that was confirmed survives a power cut.
 */
export async function openPglite(data_dir: string): Promise<PGlite> {
  const startParams = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F')
  const db = await PGlite.create({
    dataDir: data_dir,
    extensions: { postgis },
    startParams: [...startParams, '-c', 'wal_sync_method=fsync'],
  })
  const { NODEFS } = db.Module.FS.filesystems as { NODEFS: NodeFiles }
  NODEFS.stream_ops.fsync = ({ nfd }) => {
    fsyncSync(nfd)
    return 0
  }
  await db.exec('CREATE EXTENSION IF NOT EXISTS postgis')
  return db
}
