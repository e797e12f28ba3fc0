// A database that was not whole yet when the power went holds nothing that anybody was promised: it is made again.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const markOf = (dir: string) => `${dir}.making`

/** Puts a file or a folder on disk. */
export function syncPath(path: string): void {
  const opened = openSync(path, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/** Before a database is opened: clears what an interrupted first start has left. True when this is the first start. */
export function beginFirstStart(dir: string): boolean {
  const mark = markOf(dir)
  // The folder itself stays: a disk may be mounted there.
  if (existsSync(mark))
    for (const name of existsSync(dir) ? readdirSync(dir) : []) rmSync(join(dir, name), { recursive: true })
  if (existsSync(join(dir, 'PG_VERSION'))) return false
  writeFileSync(mark, '')
  syncPath(mark)
  syncPath(dirname(mark))
  return true
}

/** After it was made: all of it is on disk, and then it counts. */
export function endFirstStart(dir: string): void {
  syncPath(dir)
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) syncPath(join(entry.parentPath, entry.name))
  rmSync(markOf(dir))
  syncPath(dirname(dir))
}
