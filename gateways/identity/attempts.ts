// How often somebody may try to be somebody: failed logins are counted by account, by address and by both together.
import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import type { TimeTable } from '../http/shared.ts'

/** A bucket that holds `burst` tries and gets one back each `each_ms` (generic cell rate algorithm). */
interface Bucket {
  readonly key: string
  readonly burst: number
  readonly each_ms: number
}

/** A try that was let through. `failed` leaves it counted; `succeeded` gives it back. */
export interface Attempt {
  succeeded(): void
}

/**
 * Bounds failed logins. Nobody is locked out: a refused try costs nothing, so after at most `each_ms` one more is let
 * through, and an address from which the account has logged in before does not wait for what strangers did to the
 * account. Threads that share the table count together; a full table forgets who has waited longest.
 */
export class Attempts {
  readonly #table: TimeTable

  constructor(table: TimeTable) {
    this.#table = table
  }

  /** Takes one try of an account from an address ('' for one that no limit counts); `auth.rate_limited` when there is none left. */
  login(email: string, address: string, now_ms: number): Attempt | Rejection {
    const buckets = this.#bucketsOf(email, address, now_ms)
    const taken: Bucket[] = []
    const giveBack = () => {
      for (const bucket of taken) this.#giveBack(bucket)
    }
    for (const bucket of buckets) {
      const wait_ms = this.#take(bucket, now_ms)
      if (wait_ms > 0) {
        giveBack()
        return { ...reject('auth.rate_limited', 'too many failed logins'), retry_after_ms: wait_ms }
      }
      taken.push(bucket)
    }
    return {
      succeeded: () => {
        giveBack()
        if (address !== '') this.#table.update(knownKey(email, address), () => now_ms)
      },
    }
  }

  /** Whether one more reset mail may go to the account. */
  resetMail(email: string, now_ms: number): boolean {
    const { reset_mail_burst: burst, reset_mail_each_ms: each_ms } = limits
    return this.#take({ key: `reset ${email}`, burst, each_ms }, now_ms) === 0
  }

  #bucketsOf(email: string, address: string, now_ms: number): readonly Bucket[] {
    const account = {
      key: `account ${email}`,
      burst: limits.login_account_burst,
      each_ms: limits.login_account_each_ms,
    }
    if (address === '') return [account]
    const own = [
      {
        key: `address ${address}`,
        burst: limits.login_address_burst,
        each_ms: limits.login_address_each_ms,
      },
      {
        key: `pair ${address} ${email}`,
        burst: limits.login_pair_burst,
        each_ms: limits.login_pair_each_ms,
      },
    ]
    return this.#isKnown(email, address, now_ms) ? own : [...own, account]
  }

  #isKnown(email: string, address: string, now_ms: number): boolean {
    let known = false
    this.#table.update(knownKey(email, address), (seen_ms) => {
      known = seen_ms > 0 && now_ms - seen_ms < limits.login_known_ms
      return undefined
    })
    return known
  }

  #take({ key, burst, each_ms }: Bucket, now_ms: number): number {
    let wait_ms = 0
    this.#table.update(key, (known_ms) => {
      const burst_ms = burst * each_ms
      // No bucket is fuller than full: a time beyond that was noted before the clock was set back.
      const is_past = known_ms > now_ms + burst_ms + limits.clock_back_ms
      const next_ms = (is_past ? now_ms : Math.max(known_ms, now_ms)) + each_ms
      wait_ms = Math.max(0, next_ms - now_ms - burst_ms)
      return wait_ms > 0 ? undefined : next_ms
    })
    return wait_ms
  }

  #giveBack({ key, each_ms }: Bucket): void {
    this.#table.update(key, (known_ms) => (known_ms === 0 ? undefined : known_ms - each_ms))
  }
}

const knownKey = (email: string, address: string) => `known ${address} ${email}`
