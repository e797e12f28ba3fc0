// Which process is meant: a process id alone is given again to others.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

export interface Identity {
  readonly pid: number
  /** When it started: boot and clock ticks on Linux, the text of `ps` elsewhere. */
  readonly started: string
}

/** Undefined when there is no such process, or only what is left of one until its parent asks. */
export function identityOf(pid: number): Identity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

function startedOnLinux(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The name stands in parentheses and may hold anything; after it come the state (field 3) and so on (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function startedByPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout) ?? []
  return state === undefined || state.startsWith('Z') ? undefined : started
}

export function lives({ pid, started }: Identity): boolean {
  return identityOf(pid)?.started === started
}

/** Resolves with whether the process was gone within `ms`. */
export async function goneWithin(identity: Identity, ms: number): Promise<boolean> {
  const until = performance.now() + ms
  while (lives(identity)) {
    if (performance.now() > until) return false
    await wait(20)
  }
  return true
}

/** Ends exactly this process, after it had `grace_ms` to end by itself. Rejects when it cannot be ended. */
export async function endProcess(identity: Identity, grace_ms: number): Promise<void> {
  if (await goneWithin(identity, grace_ms)) return
  process.kill(identity.pid, 'SIGKILL')
  if (!(await goneWithin(identity, 5_000))) throw new Error(`process ${identity.pid} does not end`)
}
