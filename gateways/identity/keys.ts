// The keys that sign access tokens: the first signs, all verify, so that a key can be replaced without logging anybody out.
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'

export interface Keys {
  readonly kid: string
  readonly signing: CryptoKey
  /** Public halves only: what `/.well-known/jwks.json` shows. */
  readonly jwks: JSONWebKeySet
  readonly resolve: ReturnType<typeof createLocalJWKSet>
  /** Private halves too, the one that signs first: for the Security Token Service alone. */
  readonly secret: readonly JWK[]
}

/** A key as it is kept. `nbf` and `exp` are seconds: when it begins to sign, and after which it verifies no more. */
type KeptJwk = JWK & { readonly nbf?: number; readonly exp?: number }
type NamedJwk = KeptJwk & { readonly kid: string }

/**
 * Keys from a JWK set (or a bare list) of Ed25519 private keys, as JSON. Without one, from `signing-keys.json` in the
 * data folder, which the first start makes with one fresh key, readable by its owner alone. Throws when a key is of
 * another kind or has no private half; the message never holds key material.
 */
export async function loadKeys(signing_keys: string | undefined, data_dir: string): Promise<Keys> {
  return keysOf(parseSet(signing_keys ?? (await keptSet(data_dir))), Date.now())
}

/** A fresh key in front of older ones, which live as long as the process: for tests and simulations. */
export async function freshKeys(older: readonly JWK[] = []): Promise<Keys> {
  return keysOf([await freshJwk(), ...older], 0)
}

/** Keys that follow their file: whoever holds them signs and verifies with the present ones. */
export interface KeyRing extends Keys {
  /** Calls after each change. */
  onChange(call: () => void): void
  stop(): void
}

/**
 * As `loadKeys`, and looked at again every `keys_poll_ms`, so that keys can be replaced while threads run. A set that
 * cannot be read changes nothing and is logged.
 */
export async function openKeyRing(
  signing_keys: string | undefined,
  data_dir: string,
  env: Env,
): Promise<KeyRing> {
  const read = async () => parseSet(signing_keys ?? (await keptSet(data_dir)))
  let keys = await keysOf(await read(), env.now_ms())
  let stopped = false
  let cancel = () => {}
  const listeners: (() => void)[] = []
  const look = async () => {
    const fresh = await keysOf(await read(), env.now_ms())
    if (sameKeys(fresh, keys) || stopped) return
    keys = fresh
    env.log('info', 'the signing keys have changed', { kid: keys.kid, keys: keys.jwks.keys.length })
    for (const call of listeners) call()
  }
  const lookLater = () => {
    if (!stopped) cancel = env.after(limits.keys_poll_ms, () => void lookAgain())
  }
  const lookAgain = () =>
    look()
      .catch((error: unknown) =>
        env.log('error', 'the signing keys cannot be read', { error: String(error) }),
      )
      .finally(lookLater)
  lookLater()
  return {
    get kid() {
      return keys.kid
    },
    get signing() {
      return keys.signing
    },
    get jwks() {
      return keys.jwks
    },
    get resolve() {
      return keys.resolve
    },
    get secret() {
      return keys.secret
    },
    onChange: (call) => void listeners.push(call),
    stop() {
      stopped = true
      cancel()
    },
  }
}

const sameKeys = (one: Keys, other: Keys) =>
  one.kid === other.kid &&
  one.jwks.keys.length === other.jwks.keys.length &&
  one.jwks.keys.every(({ kid }, index) => kid === other.jwks.keys[index]?.kid)

/**
 * Puts a fresh key in front of the set in the data folder. It signs once every thread has read it (`key_settle_ms`);
 * the others verify until what they signed has ended (`key_retire_ms`), and are then left out. Rejects when there are
 * `keys_max` already. Resolves with the id of the fresh key.
 */
export async function rotateKeys(data_dir: string, now_ms: number): Promise<string> {
  const now = Math.floor(now_ms / 1_000)
  const settled = now + limits.key_settle_ms / 1_000
  const old = (await namedSet(parseSet(await keptSet(data_dir)))).filter(({ exp = Infinity }) => exp > now)
  if (old.length >= limits.keys_max)
    throw new Error(`there are ${old.length} keys already: wait until the oldest has retired`)
  const retired = settled + limits.key_retire_ms / 1_000
  const fresh = { ...(await freshJwk()), nbf: settled }
  const kid = await calculateJwkThumbprint(fresh)
  const keys = [{ ...fresh, kid }, ...old.map((key) => ({ ...key, exp: key.exp ?? retired }))]
  const path = join(data_dir, kept_name)
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify({ keys })}\n`, { mode: 0o600, flush: true })
  await rename(draft, path)
  return kid
}

async function keysOf(set: readonly KeptJwk[], now_ms: number): Promise<Keys> {
  const now = now_ms / 1_000
  const keys = (await namedSet(set)).filter(({ exp = Infinity }) => exp > now)
  const first = keys.find(({ nbf = 0 }) => nbf <= now) ?? keys[0]
  if (!first) throw new Error('the set of signing keys is empty')
  const jwks = { keys: keys.map(publicHalf) }
  return {
    kid: first.kid,
    signing: (await importJWK(first, 'EdDSA')) as CryptoKey,
    jwks,
    resolve: createLocalJWKSet(jwks),
    secret: [first, ...keys.filter((key) => key !== first)].map(secretHalf),
  }
}

const namedSet = (set: readonly KeptJwk[]): Promise<readonly NamedJwk[]> => Promise.all(set.map(named))

async function named(jwk: KeptJwk, index: number): Promise<NamedJwk> {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string' || typeof jwk.d !== 'string')
    throw new Error(`signing key ${index + 1} is not an Ed25519 private key in JWK form`)
  return { ...jwk, kid: jwk.kid ?? (await calculateJwkThumbprint(jwk)) }
}

const publicHalf = ({ kid, x }: JWK): JWK =>
  ({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x }) as JWK

const secretHalf = (key: JWK): JWK => ({ ...publicHalf(key), d: key.d }) as JWK

function parseSet(text: string): readonly KeptJwk[] {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new Error('the signing keys are not JSON')
  }
  const list = Array.isArray(set) ? set : (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(list)) throw new Error('the signing keys are not a JWK set')
  return list as readonly KeptJwk[]
}

const kept_name = 'signing-keys.json'

/** Several threads may be the first: each writes its own file, one links it to the name, and all read that one. */
async function keptSet(data_dir: string): Promise<string> {
  const path = join(data_dir, kept_name)
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
