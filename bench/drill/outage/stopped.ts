// Processes that stand still, as under a cut: none of them writes any more.
import { readdirSync, readFileSync } from 'node:fs'
import { pause } from '../../pause.ts'

const stop_ms = 10_000
const look_ms = 2
/** Looks after which whoever does not stand still may be waiting for one that does. */
const patience = 25

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}

/** The processes and all that they have started, from /proc. */
export function familyOf(roots: readonly number[]): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    // The name in brackets may hold blanks; the parent is the second field after it.
    if (Number.isInteger(pid))
      parents.set(pid, Number(read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1]))
  }
  const family = new Set(roots.filter((pid) => parents.has(pid)))
  for (let size = -1; size !== family.size; ) {
    size = family.size
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid)
  }
  return [...family]
}

/** Every thread: one of them may still be in a write or a sync, which it ends before it stops. */
function standsStill(pid: number): boolean {
  let threads: string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return true
  }
  return threads.every((thread) => {
    const state = read(`/proc/${pid}/task/${thread}/stat`).split(') ')[1]?.[0] ?? 'X'
    return 'TtXZ'.includes(state)
  })
}

function signal(pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/**
 * Stops them, and with them whatever they have started unless `alone`. Rejects when one goes on all the same. A parent
 * in vfork(2) waits, deaf to signals, until its child runs another program: when the child was stopped before that,
 * both must go on for a moment.
 */
export async function stopAll(
  roots: readonly number[],
  { alone = false }: { readonly alone?: boolean } = {},
): Promise<readonly number[]> {
  const whole = () => (alone ? roots : familyOf(roots))
  const until_ms = performance.now() + stop_ms
  for (let looks = 1; performance.now() < until_ms; looks += 1, await pause(look_ms)) {
    const family = whole()
    if (looks % patience === 0) {
      // Longer each time: on a busy machine the child has yet to get its turn.
      signal(family, 'SIGCONT')
      await pause((looks / patience) * look_ms)
    }
    signal(family, 'SIGSTOP')
    if (family.every(standsStill) && whole().length === family.length) return family
  }
  throw new Error(`the processes ${roots.join(', ')} do not stand still`)
}

/** They go on where they stood. */
export const resumeAll = (pids: readonly number[]): void => signal(pids, 'SIGCONT')

/** Kills them, and resolves when they are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const until_ms = performance.now() + stop_ms; performance.now() < until_ms; await pause(look_ms)) {
    signal(pids, 'SIGKILL')
    if (pids.every((pid) => 'ZX'.includes(read(`/proc/${pid}/stat`).split(') ')[1]?.[0] ?? 'X'))) return
  }
  throw new Error(`the processes ${pids.join(', ')} do not end`)
}
