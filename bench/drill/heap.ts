import { existsSync, readFileSync } from 'node:fs'

interface Told {
  readonly at_ms: number
  readonly pid: number
  readonly thread: number
  readonly bytes: number
}

/** For the environment of an engine: its threads write what lives in their heaps into the file (`told_heap.ts`). */
export const heapToldTo = (path: string, every_ms = 30_000): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${new URL('told_heap.js', import.meta.url).href}`,
  KILAT_DRILL_HEAP: path,
  KILAT_DRILL_HEAP_MS: String(every_ms),
})

/** What lived in the heaps of a process, all its threads together, in MB by the time in milliseconds; ascending. */
export function livingMb(path: string, pid: number): readonly { at_ms: number; mb: number }[] {
  const threads = new Map<number, number>()
  const samples: { at_ms: number; mb: number }[] = []
  for (const line of (existsSync(path) ? readFileSync(path, 'utf8') : '').split('\n')) {
    const told = line === '' ? undefined : (JSON.parse(line) as Told)
    if (told?.pid !== pid) continue
    const is_new = !threads.has(told.thread)
    threads.set(told.thread, told.bytes)
    // What a thread holds before all have told says nothing of the whole.
    if (is_new) samples.length = 0
    const bytes = [...threads.values()].reduce((sum, each) => sum + each, 0)
    samples.push({ at_ms: told.at_ms, mb: bytes / 1024 ** 2 })
  }
  return samples
}
