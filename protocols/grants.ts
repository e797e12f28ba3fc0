/** What the Security Token Service remembers of one code, token, session or grant. Times are milliseconds since the epoch. */
export interface GrantRecord {
  /** The kind: ids of different kinds never meet. */
  readonly model: string
  /** SHA-256 of the id; the id itself, which may be a token, is nowhere. */
  readonly hash: Uint8Array
  /** Of the grant that it belongs to: all of one grant are revoked together. */
  readonly grant_hash?: Uint8Array | undefined
  /** A second name, which is no secret. */
  readonly uid?: string | undefined
  /** The user that it speaks for. */
  readonly account_id?: string | undefined
  readonly payload: Readonly<Record<string, unknown>>
  readonly expires_ms: number
}

export interface FoundRecord {
  readonly payload: Readonly<Record<string, unknown>>
  readonly consumed_ms: number | undefined
}

/** The memory of the Security Token Service. What has expired is not found, and forgotten by `sweep`. */
export interface Grants {
  /** Replaces one of the same model and hash. */
  put(record: GrantRecord): Promise<void>
  find(model: string, hash: Uint8Array, now_ms: number): Promise<FoundRecord | undefined>
  findByUid(model: string, uid: string, now_ms: number): Promise<FoundRecord | undefined>
  /** Marks it as used. False: it was used already, or is not there; of many at once exactly one is told true. */
  consume(model: string, hash: Uint8Array, now_ms: number): Promise<boolean>
  remove(model: string, hash: Uint8Array): Promise<void>
  /** Removes all that belongs to a grant, whatever its model. */
  revokeGrant(grant_hash: Uint8Array): Promise<void>
  /** Forgets at most `max` of those that have expired; how many it forgot. */
  sweep(now_ms: number, max: number): Promise<number>
}
