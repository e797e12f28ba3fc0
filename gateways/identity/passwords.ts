import { hash, verify } from '@node-rs/argon2'
import { limits } from '../../protocols/limits.ts'
import type { Rejection } from '../../protocols/rejections.ts'
import { Rush } from './rush.ts'

/** argon2id (the package's own choice) with OWASP's second row: 19 MiB, two passes, one lane. About 11 ms a hash. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Of a random text at the same cost: verified in place of an unknown user's, so that time does not tell who exists. */
const decoy =
  '$argon2id$v=19$m=19456,t=2,p=1$GvGV5/V7Yb5n9hw+oat7Eg$PVOQiuoP/YcMhkqh3sr+jc118wYedFP0Pjotlvl+0VQ'

/**
 * Hashing runs on libuv's few threads, one password at a time: more at once would take the cores from the loops that
 * serve everybody else, and libuv from files and names. Whoever guesses passwords has half a core of a worker at most.
 */
const rush = new Rush({
  waiting_max: limits.password_queue_max,
  retry_ms: limits.password_retry_ms,
  detail: 'too many passwords are being checked',
})

/** The PHC string of a password, or `overloaded`. */
export const hashPassword = (password: string): Promise<string | Rejection> =>
  rush.run(() => hash(password, cost))

/** Whether the password belongs to the hash; without a hash it takes as long and says no. Or `overloaded`. */
export const verifyPassword = (stored: string | undefined, password: string): Promise<boolean | Rejection> =>
  rush.run(async () => (await verify(stored ?? decoy, password)) && stored !== undefined)
