import type { FoundRecord, GrantRecord, Grants } from '../../protocols/grants.ts'

interface Kept extends GrantRecord {
  consumed_ms: number | undefined
}

/** A twin of the table of grants, for tests of the doors. */
export class MemoryGrants implements Grants {
  readonly #records = new Map<string, Kept>()

  async put(record: GrantRecord): Promise<void> {
    const key = keyOf(record.model, record.hash)
    const payload = structuredClone(record.payload)
    this.#records.set(key, { ...record, payload, consumed_ms: this.#records.get(key)?.consumed_ms })
  }

  async find(model: string, hash: Uint8Array, now_ms: number): Promise<FoundRecord | undefined> {
    return living(this.#records.get(keyOf(model, hash)), now_ms)
  }

  async findByUid(model: string, uid: string, now_ms: number): Promise<FoundRecord | undefined> {
    const kept = [...this.#records.values()].find((record) => record.model === model && record.uid === uid)
    return living(kept, now_ms)
  }

  async consume(model: string, hash: Uint8Array, now_ms: number): Promise<boolean> {
    const kept = this.#records.get(keyOf(model, hash))
    if (!kept || kept.consumed_ms !== undefined) return false
    kept.consumed_ms = now_ms
    return true
  }

  async remove(model: string, hash: Uint8Array): Promise<void> {
    this.#records.delete(keyOf(model, hash))
  }

  async revokeGrant(grant_hash: Uint8Array): Promise<void> {
    const of = hex(grant_hash)
    this.#drop((record) => record.grant_hash !== undefined && hex(record.grant_hash) === of)
  }

  /** As the accounts do it when a user's tokens end. */
  revokeAccount(account_id: string): void {
    this.#drop((record) => record.account_id === account_id)
  }

  /** All that is kept, as it is kept. */
  records(): readonly GrantRecord[] {
    return [...this.#records.values()]
  }

  async sweep(now_ms: number, max: number): Promise<number> {
    let left = max
    return this.#drop(({ expires_ms }) => expires_ms <= now_ms && left-- > 0)
  }

  #drop(isOver: (record: Kept) => boolean): number {
    const over = [...this.#records].filter(([, record]) => isOver(record))
    for (const [key] of over) this.#records.delete(key)
    return over.length
  }
}

const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex')
const keyOf = (model: string, hash: Uint8Array) => `${model} ${hex(hash)}`

function living(kept: Kept | undefined, now_ms: number): FoundRecord | undefined {
  if (!kept || kept.expires_ms <= now_ms) return undefined
  return { payload: structuredClone(kept.payload), consumed_ms: kept.consumed_ms }
}
