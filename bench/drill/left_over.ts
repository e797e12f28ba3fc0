// Processes that should have ended by themselves.
import { readFileSync } from 'node:fs'
import { pause } from '../pause.ts'
import { familyOf, killAll } from './outage/stopped.ts'

const look_ms = 20

export interface Living {
  readonly pid: number
  readonly command: string
}

/** Looks until none is found any more, for so long at most; who is there all the same is killed and told, one line each. */
export async function leftOver(
  find: () => readonly Living[],
  patience_ms: number,
): Promise<readonly string[]> {
  let left = find()
  for (
    const until_ms = performance.now() + patience_ms;
    left.length > 0 && performance.now() < until_ms;
    left = find()
  )
    await pause(look_ms)
  await killAll(left.map(({ pid }) => pid))
  return left.map(({ pid, command }) => `left over at the end: ${pid} ${command}`)
}

/** All that this process has started, directly or not, and that lives. */
export const ownFamily = (): readonly Living[] =>
  familyOf([process.pid])
    .filter((pid) => pid !== process.pid)
    .map((pid) => ({ pid, command: commandOf(pid) }))
    // One that has just ended has no words any more.
    .filter(({ command }) => command !== '')

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
