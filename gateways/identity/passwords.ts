import { setTimeout as pause } from 'node:timers/promises'
import { hash, verify } from '@node-rs/argon2'
import { limits } from '../../protocols/limits.ts'
import { overloaded, type Rejection } from '../../protocols/rejections.ts'

/** argon2id (the package's own choice) with OWASP's second row: 19 MiB, two passes, one lane. About 11 ms a hash. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Of a random text at the same cost: verified in place of an unknown user's, so that time does not tell who exists. */
const decoy =
  '$argon2id$v=19$m=19456,t=2,p=1$GvGV5/V7Yb5n9hw+oat7Eg$PVOQiuoP/YcMhkqh3sr+jc118wYedFP0Pjotlvl+0VQ'

/**
 * Hashing runs on libuv's few threads, one password at a time: more at once would take the cores from the loops that
 * serve everybody else, and libuv from files and names. While others wait it rests after each for as long as that took,
 * so that whoever guesses passwords has half a core of a worker at most. What waits is bounded: each holds a socket open.
 */
let waiting = 0
let last: Promise<unknown> = Promise.resolve()

async function queued<Result>(work: () => Promise<Result>): Promise<Result | Rejection> {
  if (waiting >= limits.password_queue_max)
    return overloaded('too many passwords are being checked', limits.password_retry_ms)
  waiting += 1
  let took_ms = 0
  const done = last.then(async () => {
    const began_ms = performance.now()
    try {
      return await work()
    } finally {
      took_ms = performance.now() - began_ms
      waiting -= 1
    }
  })
  const rest = () => (waiting > 0 ? pause(took_ms) : undefined)
  last = done.then(rest, rest)
  return done
}

/** The PHC string of a password, or `overloaded`. */
export const hashPassword = (password: string): Promise<string | Rejection> =>
  queued(() => hash(password, cost))

/** Whether the password belongs to the hash; without a hash it takes as long and says no. Or `overloaded`. */
export const verifyPassword = (stored: string | undefined, password: string): Promise<boolean | Rejection> =>
  queued(async () => (await verify(stored ?? decoy, password)) && stored !== undefined)
