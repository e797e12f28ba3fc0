import { readFileSync } from 'node:fs'

const ticks_per_second = 100

/** Seconds of processor time that a process has used, all its threads together; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticks_per_second
  } catch {
    return Number.NaN
  }
}
