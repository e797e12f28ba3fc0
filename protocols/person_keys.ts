/** The keys that people's texts are sealed under: one for each person, wrapped, in PostgreSQL alone. */

/** A key as it is kept. Without `wrapped` the person was erased: nobody ever gets a key under this id again. */
export interface KeptKey {
  readonly person_id: string
  readonly wrapped?: Uint8Array | undefined
}

/** Every method rejects with a Fault when the database is away. */
export interface PersonKeys {
  /** Those of these people that there are; who never had one is left out. */
  find(person_ids: readonly string[]): Promise<readonly KeptKey[]>
  /** Keeps a fresh key unless there is one, or was: resolves with what is kept then. Of many at once one is kept. */
  keep(person_id: string, wrapped: Uint8Array): Promise<KeptKey>
  /** Puts the same key, wrapped anew, in the place of the old one. False: that is no longer there. */
  rewrap(person_id: string, old: Uint8Array, wrapped: Uint8Array): Promise<boolean>
  /** Destroys the key for ever. A second time changes nothing. */
  erase(person_id: string, now_ms: number): Promise<void>
  /** Who was erased at or after that time, newest first, at most `max`. */
  erasedSince(since_ms: number, max: number): Promise<readonly string[]>
  /** Keys behind this id in the order of their ids, at most `limit`; those of erased people are left out. */
  page(after_id: string, limit: number): Promise<readonly KeptKey[]>
}
