/** How much room the embedded log has on its disk, and what to do when there is none left. */
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../protocols/limits.ts'

/**
 * Bytes that all streams may take: what they take now and what is free, but for a reserve. Left to itself nats-server
 * takes three quarters of what is free at each start, and refuses everything after a restart with a store above that.
 */
export async function roomFor(store_dir: string): Promise<number> {
  const { free, used } = await diskOf(store_dir)
  return used + Math.max(0, free - limits.store_reserve_bytes)
}

async function diskOf(store_dir: string): Promise<{ readonly free: number; readonly used: number }> {
  const { bavail, bsize } = await statfs(store_dir)
  const names = await readdir(store_dir, { recursive: true }).catch(() => [])
  let used = 0
  for (const name of names) {
    // A block file may have gone meanwhile.
    const file = await stat(join(store_dir, name)).catch(() => undefined)
    if (file?.isFile()) used += file.blocks * 512
  }
  return { free: bavail * bsize, used }
}

/** What the monitor page says about room. */
interface Jsz {
  readonly storage?: number
  readonly config?: { readonly max_storage?: number }
}

/**
 * True when the server has met a full disk or its own bound, and there is room now: it takes nothing more until it is
 * started anew, since a failed write closes its stream and the bound is read at the start.
 */
export async function isShortOfRoom(monitor_url: string, store_dir: string): Promise<boolean> {
  const [health, jsz] = await Promise.all([pageOf(monitor_url, 'healthz'), pageOf(monitor_url, 'jsz')])
  const has_failed = health.includes('write error')
  const { storage = 0, config } = JSON.parse(jsz === '' ? '{}' : jsz) as Jsz
  const bound = config?.max_storage ?? Number.POSITIVE_INFINITY
  if (!has_failed && bound - storage > limits.nats_payload_bytes_max) return false
  const { free, used } = await diskOf(store_dir)
  if (has_failed) return free > limits.store_reserve_bytes
  return used + free - limits.store_reserve_bytes > bound + limits.store_reserve_bytes
}

/** The text of a page, whatever its status; '' when there is none. */
const pageOf = (monitor_url: string, name: string): Promise<string> =>
  fetch(`${monitor_url}/${name}`, { signal: AbortSignal.timeout(limits.startup_check_ms) }).then(
    (response) => response.text(),
    () => '',
  )
