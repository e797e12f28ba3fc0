// The ciphers of the people that one thread deals with: a bounded memory before the table of keys.
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import type { KeptKey, PersonKeys } from '../../protocols/person_keys.ts'
import { type Cipher, cipherOf } from './cipher.ts'
import { type Masters, freshKey as systemKey, wrongMaster } from './masters.ts'

/** Who was erased has none, and never gets one. */
type Known = Cipher | 'erased'

/** How the threads of a process tell each other of keys, so that one that is away from the database knows them too. */
export interface Line {
  tell(kept: KeptKey): void
  onTold(call: (kept: KeptKey) => void): void
  close(): void
}

export interface CipherParts {
  readonly keys: PersonKeys
  readonly masters: Masters
  readonly env: Env
  /** None in tests, and where there is one thread. */
  readonly line?: Line
  readonly known_max?: number
  /** 32 bytes that nobody can guess; those of the system unless chance itself is simulated. */
  readonly freshKey?: () => Uint8Array
}

/**
 * Keys stay in memory until others push them out, or their person was erased: every thread reads who was each
 * `erased.refresh_ms`. While the database is away nobody is forgotten, for nobody can be erased either.
 */
export class Ciphers {
  readonly #parts: CipherParts
  readonly #known_max: number
  /** Longest unused first. */
  readonly #known = new Map<string, Known>()
  #read_ms: number
  #stopped = false
  #cancel = () => {}

  constructor(parts: CipherParts) {
    this.#parts = parts
    this.#known_max = parts.known_max ?? limits.person_keys.known_max
    this.#read_ms = parts.env.now_ms()
    parts.line?.onTold((kept) => {
      if (!this.#known.has(kept.person_id)) this.#take(kept)
    })
    this.#refreshLater()
  }

  /** What is in memory; undefined: nobody has asked for it lately. */
  known(person_id: string): Known | undefined {
    const found = this.#known.get(person_id)
    if (found === undefined) return undefined
    this.#known.delete(person_id)
    this.#known.set(person_id, found)
    return found
  }

  /** The ciphers of these people, but for those who have none. Rejects with a Fault when some must be looked up and cannot be. */
  async of(person_ids: Iterable<string>): Promise<ReadonlyMap<string, Cipher>> {
    const found = new Map<string, Cipher>()
    const missing: string[] = []
    for (const person_id of person_ids) {
      const known = this.known(person_id)
      if (known === undefined) missing.push(person_id)
      else if (known !== 'erased') found.set(person_id, known)
    }
    for (let start = 0; start < missing.length; start += limits.person_keys.per_statement)
      for (const kept of await this.#parts.keys.find(
        missing.slice(start, start + limits.person_keys.per_statement),
      )) {
        const known = this.#learn(kept)
        if (known !== 'erased') found.set(kept.person_id, known)
      }
    return found
  }

  /** The cipher to seal a person's texts with, made at its first use; undefined for who was erased. Rejects with a Fault. */
  async forSealing(person_id: string): Promise<Cipher | undefined> {
    const { keys, masters, freshKey = systemKey } = this.#parts
    let known = this.known(person_id)
    if (known === undefined) {
      const [found] = await keys.find([person_id])
      known = this.#learn(found ?? (await keys.keep(person_id, masters.wrap(person_id, freshKey()))))
    }
    return known === 'erased' ? undefined : known
  }

  /** Reads now who was erased. Rejects with a Fault. */
  async refresh(): Promise<void> {
    const now_ms = this.#parts.env.now_ms()
    const since_ms = Math.min(now_ms, this.#read_ms) - limits.erased.window_ms
    for (const person_id of await this.#parts.keys.erasedSince(since_ms, limits.erased.listed_max))
      this.#put(person_id, 'erased')
    this.#read_ms = now_ms
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#parts.line?.close()
  }

  #learn(kept: KeptKey): Known {
    this.#parts.line?.tell(kept)
    return this.#take(kept)
  }

  #take({ person_id, wrapped }: KeptKey): Known {
    if (!wrapped) return this.#put(person_id, 'erased')
    const unwrapped = this.#parts.masters.unwrap(person_id, wrapped)
    if (!unwrapped) throw wrongMaster()
    return this.#put(person_id, cipherOf(person_id, unwrapped.key))
  }

  #put(person_id: string, known: Known): Known {
    this.#known.delete(person_id)
    this.#known.set(person_id, known)
    if (this.#known.size > this.#known_max) {
      const [oldest = ''] = this.#known.keys()
      this.#known.delete(oldest)
    }
    return known
  }

  #refreshLater(): void {
    if (this.#stopped) return
    this.#cancel = this.#parts.env.after(limits.erased.refresh_ms, () => {
      this.refresh()
        .catch(() => this.#parts.env.log('warn', 'who was erased could not be read'))
        .finally(() => this.#refreshLater())
    })
  }
}
