import { limits } from '../protocols/limits.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import type { Cancel, Env } from './env.ts'
import { Fault, type Policies } from './ports.ts'

/** Every version of the policy that a thread has seen on disk: what it decides by, and what a replay decided by. */
export class PolicyBook {
  readonly #env: Env
  readonly #policies: Policies
  readonly #versions = new Map<number, Policy>([[firstPolicy.version, firstPolicy]])
  #current = firstPolicy
  #next: Cancel = () => {}
  #closed = false
  #failing = false

  private constructor(env: Env, policies: Policies) {
    this.#env = env
    this.#policies = policies
  }

  /** Reads all versions, and then looks for new ones every `policy_poll_ms`, until `close`. Rejects with the store's Fault. */
  static async open(env: Env, policies: Policies): Promise<PolicyBook> {
    const book = new PolicyBook(env, policies)
    await book.#read()
    book.#schedule()
    return book
  }

  get current(): Policy {
    return this.#current
  }

  /** Throws a Fault for a version that has not been read yet: whoever wrote a log by it has seen it on disk, so it will be. */
  at(version: number): Policy {
    const policy = this.#versions.get(version)
    if (!policy) throw new Fault(`version ${version} of the policy has not been read yet`, { retry: true })
    return policy
  }

  close(): void {
    this.#closed = true
    this.#next()
  }

  async #read(): Promise<void> {
    for (const policy of await this.#policies.after(this.#current.version)) {
      this.#versions.set(policy.version, policy)
      this.#current = policy
    }
  }

  #schedule(): void {
    this.#next = this.#env.after(limits.policy_poll_ms, () => void this.#look())
  }

  async #look(): Promise<void> {
    const before = this.#current.version
    try {
      await this.#read()
      this.#failing = false
    } catch (cause) {
      // Said once: a store that is away is away for many looks.
      if (!this.#failing)
        this.#env.log('warn', 'the policy cannot be read again yet', { cause: String(cause) })
      this.#failing = true
    }
    if (this.#current.version !== before)
      this.#env.log('info', 'another policy is in force', { version: this.#current.version })
    if (!this.#closed) this.#schedule()
  }
}
