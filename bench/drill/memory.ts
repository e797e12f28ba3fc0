import { readFileSync } from 'node:fs'

/** What a process holds in memory now, in MB, as the kernel says; 0 when it has ended. */
export function residentMb(pid: number): number {
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
    return Math.round(Number(kb) / 1_024)
  } catch {
    return 0
  }
}

/** MB an hour of the straight line that fits the second half of the samples best: what warms up is not counted. */
export function driftOf(samples: readonly { readonly at_ms: number; readonly mb: number }[]): number {
  const late = samples.slice(Math.floor(samples.length / 2))
  if (late.length < 2) return 0
  const mean = (of: (sample: { at_ms: number; mb: number }) => number) =>
    late.reduce((sum, sample) => sum + of(sample), 0) / late.length
  const [at, mb] = [mean((sample) => sample.at_ms), mean((sample) => sample.mb)]
  const spread = mean((sample) => (sample.at_ms - at) ** 2)
  const together = mean((sample) => (sample.at_ms - at) * (sample.mb - mb))
  return spread === 0 ? 0 : Math.round((together / spread) * 3_600_000)
}
