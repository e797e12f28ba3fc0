/** The outside as it is: the one file of the engine that names clocks, chance, timers and the standard streams. */
import { randomUUID } from 'node:crypto'
import type { Env, LogLevel } from './env.ts'

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Production's Env. `log` takes its lines; a level instead means plain JSON lines of that level and above, on the error stream. */
export function systemEnv(log: Env['log'] | LogLevel = 'info'): Env {
  return {
    now_ms: () => Date.now(),
    monotonic_ms: () => performance.now(),
    random: () => Math.random(),
    uuid: () => randomUUID(),
    after(ms, call) {
      const timer = setTimeout(call, Math.min(ms, 2_147_483_647))
      return () => clearTimeout(timer)
    },
    soon(call) {
      setImmediate(call)
    },
    log: typeof log === 'string' ? linesFrom(log) : log,
  }
}

const linesFrom =
  (level: LogLevel): Env['log'] =>
  (of, what, fields) => {
    if (ranks[of] < ranks[level]) return
    process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level: of, what, ...fields })}\n`)
  }
