/** Whether the database answers, asked again and again; while it does not, nobody is let wait for it. */
import type { Env } from '../engine/env.ts'
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { attempt, type Sql } from './pg.ts'

export interface Pulse {
  readonly up: boolean
  /** Calls back after each beat. */
  watch(call: (up: boolean) => void): void
  stop(): void
}

/** Asks every `limits.database_pulse_ms`. The database counts as up until it has failed once. */
export function openPulse(sql: Sql, env: Env): Pulse {
  const listeners: ((up: boolean) => void)[] = []
  let up = true
  let stopped = false
  const tell = (is_up: boolean) => {
    up = is_up
    for (const call of listeners) call(is_up)
  }
  const beat = async () => {
    // A server that stands still neither answers nor fails.
    const give_up = env.after(limits.database_answer_ms, () => tell(false))
    const answered = await attempt('asking the database', () => sql`SELECT 1`).then(
      () => true,
      () => false,
    )
    give_up()
    tell(answered)
    if (!stopped) env.after(limits.database_pulse_ms, () => void beat())
  }
  void beat()
  return {
    get up() {
      return up
    },
    watch: (call) => void listeners.push(call),
    stop: () => {
      stopped = true
    },
  }
}

/**
 * The same port, whose calls reject at once with a Fault (`retry: true`) while the database is away: the pool would
 * queue them, without a bound and until it is back.
 */
export function withPulse<Port extends object>(port: Port, pulse: Pick<Pulse, 'up'>): Port {
  const asked = (target: Port, name: string | symbol) => {
    const member: unknown = Reflect.get(target, name)
    if (typeof member !== 'function') return member
    return (...args: unknown[]) =>
      pulse.up
        ? Reflect.apply(member, target, args)
        : Promise.reject(new Fault('the database is away', { retry: true }))
  }
  return new Proxy(port, { get: asked })
}
