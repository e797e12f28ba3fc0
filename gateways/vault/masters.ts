// The master keys: the first wraps the keys of people, all unwrap them, so that a master can be replaced.
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../engine/ports.ts'

const key_bytes = 32
const nonce_bytes = 12
const tag_bytes = 16
const version = 1

export interface Masters {
  /** A person's key as it may be kept. */
  wrap(person_id: string, key: Uint8Array): Uint8Array
  /** Undefined: no master of ours wrapped it for this person. `stale`: not the first one did. */
  unwrap(
    person_id: string,
    wrapped: Uint8Array,
  ): { readonly key: Uint8Array; readonly stale: boolean } | undefined
}

/**
 * Masters from a list by commas, each 32 bytes as base64url; without one from the file `personal-key` in the data
 * folder, which the first start makes, readable by its owner alone. Throws for what is no such key; the message never
 * holds key material.
 */
export async function loadMasters(personal_key: readonly string[], data_dir: string): Promise<Masters> {
  return mastersOf(personal_key.length > 0 ? personal_key : listed(await keptText(data_dir)))
}

/** Masters of this list: the first wraps. */
export function mastersOf(texts: readonly string[]): Masters {
  const keys = texts.map(keyOf)
  const [first] = keys
  if (!first) throw new Error('there is no personal master key')
  return {
    wrap(person_id, key) {
      const nonce = randomBytes(nonce_bytes)
      const cipher = createCipheriv('aes-256-gcm', first, nonce)
      cipher.setAAD(bound(person_id))
      const text = Buffer.concat([cipher.update(key), cipher.final()])
      return Buffer.concat([Buffer.of(version), nonce, text, cipher.getAuthTag()])
    },
    unwrap(person_id, wrapped) {
      for (const master of keys) {
        const key = unwrapped(master, person_id, Buffer.from(wrapped))
        if (key) return { key, stale: master !== first }
      }
      return undefined
    },
  }
}

/** A fresh master, as it is written. */
export const freshMaster = (): string => randomBytes(key_bytes).toString('base64url')

/** A fresh key for a person. */
export const freshKey = (): Uint8Array => randomBytes(key_bytes)

/** The master is another one than that which wrapped the keys: nothing can be read, so nothing is to be written. */
export const wrongMaster = (): Fault =>
  new Fault(
    'the personal keys were wrapped with another master: is PERSONAL_KEY (or DATA_DIR) the right one?',
    {
      retry: false,
    },
  )

function unwrapped(master: Buffer, person_id: string, wrapped: Buffer): Uint8Array | undefined {
  const end = wrapped.length - tag_bytes
  if (wrapped[0] !== version || end !== 1 + nonce_bytes + key_bytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', master, wrapped.subarray(1, 1 + nonce_bytes))
  decipher.setAAD(bound(person_id))
  decipher.setAuthTag(wrapped.subarray(end))
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(1 + nonce_bytes, end)), decipher.final()])
  } catch {
    return undefined
  }
}

const bound = (person_id: string) => Buffer.from(`kilat person key ${version} ${person_id}`)

function keyOf(text: string, index: number): Buffer {
  const key = Buffer.from(text, 'base64url')
  if (!/^[\w-]{43}=?$/.test(text) || key.length !== key_bytes)
    throw new Error(`personal master key ${index + 1} is not 32 bytes as base64url`)
  return key
}

const listed = (text: string): readonly string[] =>
  text
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter((each) => each !== '')

/** Several threads may be the first: each writes its own file, one links it to the name, and all read that one. */
async function keptText(data_dir: string): Promise<string> {
  const path = join(data_dir, 'personal-key')
  const kept = await readFile(path, 'utf8').catch(unless('ENOENT'))
  if (kept !== undefined) return kept
  await mkdir(data_dir, { recursive: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${freshMaster()}\n`, { mode: 0o600, flush: true })
  try {
    await link(draft, path).catch(unless('EEXIST'))
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(path, 'utf8')
}

const unless =
  (code: string) =>
  (error: unknown): undefined => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error
  }
