/** Booking numbers: `BK-` and six of 32 letters, which is 30 bits. */

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const bits = 30
const half = 15
const half_mask = (1 << half) - 1
/** Fixed for ever: another key would give a number out twice. */
const round_keys = [0x1f3d5b79, 0x6a09e667, 0x3c6ef372, 0x510e527f] as const

/** A round of the network need not be invertible; the network always is. */
function round(value: number, key: number): number {
  let hash = Math.imul(value ^ key, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77)
  return (hash ^ (hash >>> 13)) & half_mask
}

/** A permutation of the numbers below 2^30: a Feistel network of four rounds. */
export function permuted(value: number): number {
  let left = value >>> half
  let right = value & half_mask
  for (const key of round_keys) {
    const next = left ^ round(right, key)
    left = right
    right = next
  }
  return (left << half) | right
}

/**
 * The number of the booking that is the `serial`-th actor of its shard: unique without a look-up, and neighbours look
 * unrelated. `shards` is a power of two. Undefined when the shard has used its 2^30 / shards numbers up.
 */
export function bookingNumber(shard: number, shards: number, serial: number): string | undefined {
  const value = serial * shards + shard
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** bits) return undefined
  const code = permuted(value)
  let text = 'BK-'
  for (let shift = bits - 5; shift >= 0; shift -= 5) text += alphabet[(code >>> shift) & 31]
  return text
}
