/** What a living actor is, in a hash: the fold of the journal up to the same event has the same one. */
import type { Principal } from '../protocols/actor.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import { stateHash } from './hash.ts'

/** A question that every actor answers, whatever its kind. */
export const digest_query = 'engine.digest'

export interface Digest {
  /** Events that made the state; 0 for an actor that nobody has heard of. */
  readonly seq: number
  /** Hex of the SHA-256 of the state's canonical form. */
  readonly hash: string
  /** Why it takes no more commands, '' when it does. */
  readonly quarantined: string
}

/** Refuses everybody but admins. */
export function digestOf(
  {
    state,
    seq,
    quarantined = '',
  }: { readonly state: unknown; readonly seq: number; readonly quarantined?: string | undefined },
  by: Principal,
): Digest | Rejection {
  if (by.role !== 'admin') return reject('auth.role', 'digests are for admins')
  return { seq, hash: stateHash(state), quarantined }
}
