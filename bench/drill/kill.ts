// Killing processes as a crash does, and waiting until all that died is back.
import { pause } from '../pause.ts'
import type { Stack } from '../stack.ts'
import type { Probe } from './probe.ts'
import { type Kind, sharedStores, type Worker, workersOn } from './processes.ts'
import type { Victim } from './victims.ts'

const gone_ms = 15_000
const serving_ms = 90_000
const look_ms = 100

/** How a kill went: `serving_ms` is from the kill until a command was durable and a list answered again. */
export interface Recovery {
  readonly serving_ms: number
  readonly leftover: readonly string[]
  readonly shared: readonly string[]
  readonly wrong: readonly string[]
}

export interface Stage {
  readonly engine: Stack
  readonly probe: Probe
  readonly data_dir: string
}

/** Kills them all at once, starts the engine again if it was one of them, and waits until everything serves. */
export async function killAndRecover(
  { engine, probe, data_dir }: Stage,
  victims: readonly Victim[],
  rest_ms: number,
): Promise<Recovery> {
  const before = workersOn(data_dir)
  const killed_ms = performance.now()
  const shared = new Set<string>()
  const look = setInterval(() => {
    for (const store of sharedStores(workersOn(data_dir))) shared.add(store)
  }, look_ms)
  try {
    for (const { pid } of before.filter(({ kind }) => isVictim(kind, victims))) end(pid)
    if (victims.includes('engine')) {
      await engine.kill9()
      await pause(rest_ms)
      engine.spawn()
    }
    const is_back = await everythingServes({ engine, probe, data_dir }, before, victims)
    const serving = Math.round(performance.now() - killed_ms)
    const leftover = victims.includes('engine') ? await leftoversOf(before, killed_ms, engine.pid) : []
    const wrong = is_back ? [] : [`not everything served ${serving} ms after the kill`]
    return { serving_ms: serving, leftover, shared: [...shared], wrong }
  } finally {
    clearInterval(look)
  }
}

const isVictim = (kind: Kind, victims: readonly Victim[]): boolean =>
  (kind === 'nats' || kind === 'database') && victims.includes(kind)

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Serves, with a new process in the place of each one that was killed. */
async function everythingServes(
  { engine, probe, data_dir }: Stage,
  before: readonly Worker[],
  victims: readonly Victim[],
): Promise<boolean> {
  const until_ms = performance.now() + serving_ms
  const old = new Set(before.map(({ pid }) => pid))
  const lacks = (kind: Kind) =>
    !workersOn(data_dir).some((worker) => worker.kind === kind && !old.has(worker.pid))
  while (performance.now() < until_ms) {
    if (!engine.is_alive) engine.spawn()
    const stores = (['nats', 'database'] as const).filter((kind) => victims.includes(kind))
    if (!stores.some(lacks) && (await probe.serves())) return true
    await pause(look_ms)
  }
  return false
}

/** Processes of the engine that died which are still there after the time that they may take. */
async function leftoversOf(
  before: readonly Worker[],
  killed_ms: number,
  engine_pid: number,
): Promise<string[]> {
  const left = () => before.filter(({ pid }) => pid !== engine_pid && isAlive(pid))
  while (left().length > 0 && performance.now() - killed_ms < gone_ms) await pause(look_ms)
  return left().map(({ pid, command }) => `${pid} ${command}`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
