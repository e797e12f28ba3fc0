import { fsyncSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { postgis } from '@electric-sql/pglite-postgis'
import { beginFirstStart, endFirstStart, syncPath } from './first_start.ts'

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

interface Files {
  readonly filesystems: { readonly NODEFS: NodeFiles }
}

const success = 0
/** EIO of WASI. */
const io_error = 29

/** The files of PGlite, whose syncs reach the disk from the first one on: recovery syncs before it throws its log away. */
class SyncedFiles extends NodeFS {
  override async init(...given: Parameters<NodeFS['init']>) {
    const { emscriptenOpts } = await super.init(...given)
    const last = ({ FS }: { FS: object }) => letSync((FS as Files).filesystems.NODEFS)
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), last] } }
  }
}

function letSync(files: NodeFiles): void {
  files.stream_ops.fsync = ({ nfd, node }) => {
    // A throw would pass through the database as an interruption, and it would try the same message for ever.
    try {
      if (nfd === undefined) syncPath(files.realPath(node))
      else fsyncSync(nfd)
      return success
    } catch {
      return io_error
    }
  }
}

/**
 * Opens (or creates) the database in `data_dir` with PostGIS. PGlite starts PostgreSQL with fsync off; here a commit is
 * on disk when it is answered, as with a server: an account that was confirmed survives a power cut.
 */
export async function openPglite(data_dir: string): Promise<PGlite> {
  const startParams = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F')
  const is_first = beginFirstStart(data_dir)
  const db = await PGlite.create({
    fs: new SyncedFiles(data_dir),
    extensions: { postgis },
    startParams: [...startParams, '-c', 'wal_sync_method=fsync'],
  })
  await db.exec('CREATE EXTENSION IF NOT EXISTS postgis')
  if (is_first) endFirstStart(data_dir)
  return db
}
