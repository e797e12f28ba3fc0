// How many sockets of one kind somebody may open: what holds off a flood before a token is looked at.
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { FeedDoors } from '../doors.ts'
import { addressText, countedAs, Rate, trustedBy } from '../http/rates.ts'
import { openTables } from '../http/shared.ts'

/** Ends the seat of a socket that has closed. */
export type Leave = () => void

/** Counts handshakes of an address on all threads, and open sockets of an address and of an account on this one. */
export class Turnstile {
  readonly #env: FeedDoors['env']
  readonly #rate: Rate
  readonly #isTrusted: (address: string) => boolean
  readonly #open = new Map<string, number>()

  constructor({ config, env, shared }: Pick<FeedDoors, 'config' | 'env' | 'shared'>) {
    this.#env = env
    this.#rate = new Rate(openTables(shared).rates, 'sockets', limits.rate_sockets_per_min)
    this.#isTrusted = trustedBy(config.trusted_addresses)
  }

  /** Whom limits count; '' for an address that none counts. */
  whom(address: ArrayBuffer): string {
    const text = addressText(address)
    return this.#isTrusted(text) ? '' : countedAs(text)
  }

  /** One more handshake: `auth.rate_limited` when the address knocks too often, or has too many sockets open. */
  knock(whom: string): Rejection | undefined {
    if (whom === '') return undefined
    const wait_ms = this.#rate.take(whom, this.#env.now_ms())
    if (wait_ms > 0) return { ...reject('auth.rate_limited', ''), retry_after_ms: wait_ms }
    return this.#full(whom, limits.sockets_per_address_max)
  }

  /** One more socket, or `auth.rate_limited`. What it answers must be called once, when the socket has closed. */
  enter(whom: string, account: string): Leave | Rejection {
    if (whom === '') return () => {}
    const full =
      this.#full(whom, limits.sockets_per_address_max) ?? this.#full(account, limits.sockets_per_account_max)
    if (isRefusal(full)) return full
    this.#add(whom, 1)
    this.#add(account, 1)
    return () => {
      this.#add(whom, -1)
      this.#add(account, -1)
    }
  }

  #full(who: string, max: number): Rejection | undefined {
    if ((this.#open.get(who) ?? 0) < max) return undefined
    const rejection = reject('auth.rate_limited', `${max} sockets are open`)
    return { ...rejection, retry_after_ms: limits.socket_retry_ms }
  }

  #add(who: string, count: number): void {
    const now = (this.#open.get(who) ?? 0) + count
    if (now > 0) this.#open.set(who, now)
    else this.#open.delete(who)
  }
}
