import type { KeptKey, PersonKeys } from '../../protocols/person_keys.ts'

interface Kept extends KeptKey {
  readonly erased_ms?: number
}

/** A twin of the table of personal keys, for tests of the doors. */
export class MemoryPersonKeys implements PersonKeys {
  readonly #keys = new Map<string, Kept>()

  async find(person_ids: readonly string[]): Promise<readonly KeptKey[]> {
    return [...new Set(person_ids)].flatMap((id) => {
      const found = this.#keys.get(id)
      return found ? [seen(found)] : []
    })
  }

  async keep(person_id: string, wrapped: Uint8Array): Promise<KeptKey> {
    const kept = this.#keys.get(person_id) ?? { person_id, wrapped: wrapped.slice() }
    this.#keys.set(person_id, kept)
    return seen(kept)
  }

  async rewrap(person_id: string, old: Uint8Array, wrapped: Uint8Array): Promise<boolean> {
    const kept = this.#keys.get(person_id)
    if (!kept?.wrapped || !Buffer.from(old).equals(kept.wrapped)) return false
    this.#keys.set(person_id, { person_id, wrapped: wrapped.slice() })
    return true
  }

  async erase(person_id: string, now_ms: number): Promise<void> {
    const { erased_ms = now_ms } = this.#keys.get(person_id) ?? {}
    this.#keys.set(person_id, { person_id, erased_ms })
  }

  async erasedSince(since_ms: number, max: number): Promise<readonly string[]> {
    return [...this.#keys.values()]
      .filter(({ erased_ms = 0 }) => erased_ms >= since_ms)
      .sort((one, other) => (other.erased_ms ?? 0) - (one.erased_ms ?? 0))
      .slice(0, max)
      .map(({ person_id }) => person_id)
  }

  async page(after_id: string, limit: number): Promise<readonly KeptKey[]> {
    return [...this.#keys.values()]
      .filter(({ person_id, wrapped }) => wrapped && person_id > after_id)
      .sort((one, other) => (one.person_id < other.person_id ? -1 : 1))
      .slice(0, limit)
      .map(seen)
  }
}

const seen = ({ person_id, wrapped }: KeptKey): KeptKey => ({ person_id, wrapped })
