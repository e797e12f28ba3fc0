import { closeSync, fsyncSync, openSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'

/** A file has a descriptor of the system; a folder has none. */
interface OpenFile {
  readonly nfd?: number
  readonly node: object
}

/** Where the Node file system of PGlite keeps its operations; it brings none for sync. */
interface NodeFiles {
  readonly stream_ops: { fsync?: (file: OpenFile) => number }
  realPath(node: object): string
}

const success = 0
/** EIO of WASI. */
const io_error = 29

function sync(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
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
  NODEFS.stream_ops.fsync = ({ nfd, node }) => {
    // A throw would pass through the database as an interruption, and it would try the same message for ever.
    try {
      if (nfd === undefined) sync(NODEFS.realPath(node))
      else fsyncSync(nfd)
      return success
    } catch {
      return io_error
    }
  }
  await db.exec('CREATE EXTENSION IF NOT EXISTS postgis')
  return db
}
