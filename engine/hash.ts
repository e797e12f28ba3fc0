/** Hashes: of the chain of a shard's log, of states, and of command bodies. */
import { createHash, hash } from 'node:crypto'
import { fnv1a32 } from '../protocols/shard.ts'

/** The running hash of a shard's log (hex), given the one before it: sha256(h(i-1) as raw bytes || bytes(i)); h(0) is ''. */
export function runningHash(previous: string, bytes: Uint8Array): string {
  return createHash('sha256').update(previous, 'hex').update(bytes).digest('hex')
}

/** SHA-256 (hex) of a plain value's canonical form: equal states have equal hashes, whatever the order of their keys. */
export const stateHash = (value: unknown): string => hash('sha256', canonical(value), 'hex')

/** 32 bits of a command's body, to tell a repeat from another command under the same key. */
export const hash32 = (body: object): number => fnv1a32(canonical(body))

/**
 * JSON with sorted keys. Absent and undefined fields are the same; so are 0 and -0, which msgpack does not tell apart.
 * Numbers that JSON lacks keep their names, so that NaN is neither null nor Infinity.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const fields = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined)
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(fields[key])}`)
    .join()}}`
}
