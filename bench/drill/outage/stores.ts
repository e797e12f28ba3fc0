// Embedded stores that are gone until they are let back.
import type { Kind } from '../processes.ts'
import { workersOn } from '../processes.ts'
import { killAll, resumeAll, stopAll } from './stopped.ts'

/** Kills a store of the engine, and keeps its watcher from starting it again until the returned function is called. */
export async function takeAway(
  data_dir: string,
  kind: Extract<Kind, 'nats' | 'database'>,
): Promise<() => void> {
  const workers = workersOn(data_dir)
  const watchers = workers.filter(({ command }) => command.includes('watcher.js')).map(({ pid }) => pid)
  const stores = workers.filter((worker) => worker.kind === kind).map(({ pid }) => pid)
  if (watchers.length !== 1 || stores.length === 0) throw new Error(`no ${kind} with a watcher is there`)
  await stopAll(watchers, { alone: true })
  await killAll(stores)
  // A watcher that stands still would not see us end, and keep the other store up for ever.
  process.on('exit', () => resumeAll(watchers))
  return () => resumeAll(watchers)
}
