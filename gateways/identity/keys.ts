// The keys that sign access tokens: the first signs, all verify, so that a key can be replaced without logging anybody out.
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
} from 'jose'

export interface Keys {
  readonly kid: string
  readonly signing: CryptoKey
  /** Public halves only: what `/.well-known/jwks.json` shows. */
  readonly jwks: JSONWebKeySet
  readonly resolve: ReturnType<typeof createLocalJWKSet>
}

/**
 * Keys from a JWK set (or a bare list) of Ed25519 private keys, as JSON. Without one, from `signing-keys.json` in the
 * data folder, which the first start makes with one fresh key, readable by its owner alone. Throws when a key is of
 * another kind or has no private half; the message never holds key material.
 */
export async function loadKeys(signing_keys: string | undefined, data_dir: string): Promise<Keys> {
  return keysOf(parseSet(signing_keys ?? (await keptSet(data_dir))))
}

/** A fresh key that lives as long as the process: for tests and simulations. */
export async function freshKeys(): Promise<Keys> {
  return keysOf([await freshJwk()])
}

async function keysOf(set: readonly JWK[]): Promise<Keys> {
  const keys = await Promise.all(set.map(named))
  const [first] = keys
  if (!first) throw new Error('the set of signing keys is empty')
  const jwks = { keys: keys.map(publicHalf) }
  return {
    kid: first.kid,
    signing: (await importJWK(first, 'EdDSA')) as CryptoKey,
    jwks,
    resolve: createLocalJWKSet(jwks),
  }
}

async function named(jwk: JWK, index: number): Promise<JWK & { kid: string }> {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string' || typeof jwk.d !== 'string')
    throw new Error(`signing key ${index + 1} is not an Ed25519 private key in JWK form`)
  return { ...jwk, kid: jwk.kid ?? (await calculateJwkThumbprint(jwk)) }
}

const publicHalf = ({ kid, x }: JWK): JWK =>
  ({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x }) as JWK

function parseSet(text: string): readonly JWK[] {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new Error('the signing keys are not JSON')
  }
  const list = Array.isArray(set) ? set : (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(list)) throw new Error('the signing keys are not a JWK set')
  return list as readonly JWK[]
}

/** Several threads may be the first: each writes its own file, one links it to the name, and all read that one. */
async function keptSet(data_dir: string): Promise<string> {
  const path = join(data_dir, 'signing-keys.json')
  const kept = await readFile(path, 'utf8').catch(absent)
  if (kept !== undefined) return kept
  await mkdir(data_dir, { recursive: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify({ keys: [await freshJwk()] })}\n`, { mode: 0o600, flush: true })
  try {
    await link(draft, path).catch(unlessThere)
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(path, 'utf8')
}

async function freshJwk(): Promise<JWK> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  return exportJWK(pair.privateKey)
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error
}
