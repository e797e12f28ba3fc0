/** Where personal texts are sealed before they enter the engine, and opened when they leave it. */
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import type { KeptKey } from '../../protocols/person_keys.ts'
import { replaceSealed } from '../../protocols/personal.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import type { Cipher } from './cipher.ts'
import { type CipherParts, Ciphers } from './ciphers.ts'
import { wrongMaster } from './masters.ts'
import { sealerOf } from './sealing.ts'

export interface Vault {
  /**
   * A command's checked body with its personal texts sealed under the person's key. `request.malformed` for a text that
   * looks sealed and stands where nothing is; `account.not_found` for who was erased. Rejects with a Fault when the key
   * cannot be had.
   */
  seal(type: string, body: object, person_id: string): Promise<object | Rejection>
  /** The value with every sealed text opened; those of erased people are empty. Rejects with a Fault when a key cannot be had. */
  open<Value>(value: Value): Promise<Value>
  /** The same with what is in memory; undefined when a key is not. */
  openNow<Value>(value: Value): Value | undefined
  /** The same, and what cannot be opened now is empty. */
  openOrLeaveOut<Value>(value: Value): Promise<Value>
  /** Reads now who was erased, instead of within `erased.refresh_ms`. Rejects with a Fault. */
  refresh(): Promise<void>
  stop(): void
}

/** A vault over a table of keys. */
export function openVault(parts: CipherParts): Vault {
  const ciphers = new Ciphers(parts)
  const open = async <Value>(value: Value): Promise<Value> => {
    const { missing, cipherOf, learn } = lookUp(ciphers)
    const tried = opened(value, cipherOf)
    if (missing.size === 0) return tried
    learn(await ciphers.of(missing))
    return opened(value, cipherOf)
  }
  return {
    async seal(type, body, person_id) {
      const sealer = sealerOf(type)
      if (!sealer) return body
      const stray = sealer.stray(body)
      if (stray !== undefined) return reject('request.malformed', `${stray} must not look like a sealed text`)
      // Most have nothing to say: nobody needs a key for that.
      let silent = true
      const plain = sealer.seal(body, (_field, text) => {
        silent = false
        return text
      })
      if (silent) return plain
      const cipher = await ciphers.forSealing(person_id)
      if (!cipher) return reject('account.not_found', 'the account was erased')
      return sealer.seal(body, (field, text) => cipher.seal(field, text))
    },
    open,
    openNow(value) {
      const { missing, cipherOf } = lookUp(ciphers)
      const tried = opened(value, cipherOf)
      return missing.size === 0 ? tried : undefined
    },
    openOrLeaveOut: (value) =>
      open(value).catch((fault: unknown) => {
        if (!(fault instanceof Fault)) throw fault
        parts.env.log('warn', 'an answer leaves personal texts out', { fault: fault.message })
        return opened(value, lookUp(ciphers).cipherOf)
      }),
    refresh: () => ciphers.refresh(),
    stop: () => ciphers.stop(),
  }
}

/** Rejects with a Fault when the masters are not those that wrapped the keys in the table: better no start than unreadable texts. */
export async function checkMasters({ keys, masters }: Pick<CipherParts, 'keys' | 'masters'>): Promise<void> {
  const [any] = await keys.page(nobody, 1)
  if (any?.wrapped && !masters.unwrap(any.person_id, any.wrapped)) throw wrongMaster()
}

/** Wraps every key with the first master that another one wrapped; how many there were. Rejects with a Fault. */
export async function rewrapKeys({ keys, masters }: Pick<CipherParts, 'keys' | 'masters'>): Promise<number> {
  const rewrap = async ({ person_id, wrapped = new Uint8Array() }: KeptKey) => {
    const unwrapped = masters.unwrap(person_id, wrapped)
    if (!unwrapped) throw wrongMaster()
    if (!unwrapped.stale) return false
    return keys.rewrap(person_id, wrapped, masters.wrap(person_id, unwrapped.key))
  }
  let changed = 0
  let page = await keys.page(nobody, limits.person_keys.per_statement)
  for (let last = page.at(-1); last; last = page.at(-1)) {
    const outcomes = await Promise.all(page.map(rewrap))
    changed += outcomes.filter(Boolean).length
    page = await keys.page(last.person_id, limits.person_keys.per_statement)
  }
  return changed
}

/** Before all others. */
const nobody = '00000000-0000-0000-0000-000000000000'

type CipherOf = (person_id: string) => Cipher | undefined

/** The ciphers for one value, each asked for once; `missing` are the people whose key is not in memory. */
function lookUp(ciphers: Ciphers) {
  const missing = new Set<string>()
  const seen = new Map<string, Cipher | undefined>()
  const find = (person_id: string) => {
    const known = ciphers.known(person_id)
    if (known === undefined) missing.add(person_id)
    const cipher = known === 'erased' ? undefined : known
    seen.set(person_id, cipher)
    return cipher
  }
  const cipherOf: CipherOf = (person_id) => (seen.has(person_id) ? seen.get(person_id) : find(person_id))
  const learn = (found: ReadonlyMap<string, Cipher>) => {
    for (const [person_id, cipher] of found) seen.set(person_id, cipher)
  }
  return { missing, cipherOf, learn }
}

/** A copy with every sealed text replaced by what it says, or by nothing. */
function opened<Value>(value: Value, cipherOf: CipherOf): Value {
  const walk = (each: unknown): unknown => {
    if (typeof each === 'string') return openedText(each, cipherOf)
    if (Array.isArray(each)) return each.map(walk)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, field]) => [name, walk(field)]))
  }
  return walk(value) as Value
}

/** Of a text of which nothing can be opened the line breaks are nothing as well. */
function openedText(text: string, cipherOf: CipherOf): string {
  let is_whole = true
  const plain = replaceSealed(text, (sealed) => {
    const said = cipherOf(sealed.person_id)?.open(sealed)
    if (said === undefined) is_whole = false
    return said ?? ''
  })
  return is_whole || plain.trim() !== '' ? plain : ''
}
