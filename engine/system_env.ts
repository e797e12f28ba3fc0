/** The outside as it is: the one file of the engine that names clocks, chance, timers and the standard streams. */
import { randomUUID } from 'node:crypto'
import type { Env, LogLevel } from './env.ts'

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Production's Env. Lines of `level` and above go to the error stream, each a JSON object; `where` names the thread. */
export function systemEnv(level: LogLevel = 'info', where?: string): Env {
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
    log(of, what, fields) {
      if (ranks[of] < ranks[level]) return
      const line = { at: new Date().toISOString(), level: of, what, where, ...fields }
      process.stderr.write(`${JSON.stringify(line)}\n`)
    },
  }
}
