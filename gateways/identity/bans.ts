// Who was banned lately: what every thread asks before it believes a token.
import type { Env } from '../../engine/env.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import { limits } from '../../protocols/limits.ts'

export interface Bans {
  has(id: string): boolean
  /** Counts at once on this thread; the others read it from the database. */
  add(id: string): void
  /** Calls after each change with what tells who is banned. Returns how to stop. */
  watch(call: (isBanned: (id: string) => boolean) => void): () => void
  stop(): void
}

/**
 * Reads the bans at once and every `bans_refresh_ms`. Only those of the last `bans_window_ms` matter: a banned user
 * gets no new token, and older tokens have ended by themselves. While the database is away nobody is forgotten, and
 * the next reading goes back to the last one that succeeded.
 */
export function openBans(accounts: Pick<Accounts, 'bannedSince'>, env: Env): Bans {
  let banned: ReadonlySet<string> = new Set()
  let read_ms = env.now_ms()
  let stopped = false
  let cancel = () => {}
  const listeners = new Set<(isBanned: (id: string) => boolean) => void>()
  const has = (id: string) => banned.has(id)
  const tell = () => {
    for (const call of [...listeners]) call(has)
  }
  const refresh = async () => {
    const now_ms = env.now_ms()
    const ids = await accounts.bannedSince(Math.min(now_ms, read_ms) - limits.bans_window_ms, limits.bans_max)
    const fresh = ids.some((id) => !banned.has(id))
    banned = new Set(ids)
    read_ms = now_ms
    if (fresh) tell()
  }
  const refreshLater = () => {
    if (stopped) return
    cancel = env.after(limits.bans_refresh_ms, () => void again())
  }
  const again = () =>
    refresh()
      .catch(() => env.log('warn', 'the bans could not be read'))
      .finally(refreshLater)
  void again()
  return {
    has,
    add(id) {
      banned = new Set([...banned, id])
      tell()
    },
    watch(call) {
      listeners.add(call)
      return () => void listeners.delete(call)
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}
