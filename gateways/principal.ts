import { createHash } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Env } from '../engine/env.ts'
import type { Principal } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import type { Verified, Verifier } from './doors.ts'
import type { Bans } from './identity/bans.ts'
import type { Keys } from './identity/keys.ts'
import { api_resource } from './sts/claims.ts'

const roles: ReadonlySet<unknown> = new Set(['owner', 'runner', 'admin', 'shop'])
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface VerifierParts {
  readonly keys: Keys
  /** Those whose tokens are ours: what the apps know, and the address of the Security Token Service. */
  readonly issuers: readonly string[]
  readonly bans: Pick<Bans, 'has' | 'watch'>
  readonly env: Env
}

/**
 * Checks access tokens. A signature costs a quarter of a millisecond, so what was verified is kept until it expires
 * or the keys change, by the token's hash, for the `verified_tokens_max` that were used last. Ends in `auth.expired`,
 * `auth.banned` or `auth.invalid_token`.
 */
export function openVerifier({ keys, issuers, bans, env }: VerifierParts): Verifier {
  const kept = new Map<string, Verified>()
  let verified_with = keys.jwks
  const check = async (token: string): Promise<Verified | Rejection> => {
    if (verified_with !== keys.jwks) {
      kept.clear()
      verified_with = keys.jwks
    }
    const hash = createHash('sha256').update(token).digest('base64')
    const known = kept.get(hash)
    if (known) {
      kept.delete(hash)
      if (known.expires_ms <= env.now_ms()) return reject('auth.expired', '')
      kept.set(hash, known)
      return known
    }
    const fresh = await verifyOnce(token, keys, issuers, env.now_ms())
    if ('rejected' in fresh) return fresh
    kept.set(hash, fresh)
    if (kept.size > limits.verified_tokens_max) kept.delete(kept.keys().next().value as string)
    return fresh
  }
  return {
    async verify(token) {
      const outcome = await check(token)
      if ('rejected' in outcome || !bans.has(outcome.principal.id)) return outcome
      return reject('auth.banned', '')
    },
    onBan: (call) => void bans.watch(call),
  }
}

async function verifyOnce(
  token: string,
  keys: Keys,
  issuers: readonly string[],
  now_ms: number,
): Promise<Verified | Rejection> {
  if (token.length > limits.token_bytes_max) return reject('auth.invalid_token', 'it is too long')
  try {
    const { payload } = await jwtVerify(token, keys.resolve, {
      algorithms: ['EdDSA'],
      issuer: [...issuers],
      currentDate: new Date(now_ms),
      requiredClaims: ['sub', 'exp', 'iat', 'jti'],
    })
    if (!isForUs(payload)) return reject('auth.invalid_token', 'it is for somebody else')
    return verifiedOf(payload) ?? reject('auth.invalid_token', 'it is not an access token')
  } catch (error) {
    if (error instanceof errors.JWTExpired) return reject('auth.expired', '')
    if (error instanceof errors.JOSEError) return reject('auth.invalid_token', '')
    throw error
  }
}

/** Our own tokens name no audience; those of the Security Token Service name the API, whatever else they name. */
function isForUs({ aud }: JWTPayload): boolean {
  return aud === undefined || [aud].flat().includes(api_resource)
}

function verifiedOf({ sub, exp, role, email, token_type, user_id }: JWTPayload): Verified | undefined {
  if (token_type !== 'access' || user_id !== sub || typeof exp !== 'number') return undefined
  if (typeof sub !== 'string' || !uuid.test(sub) || !roles.has(role)) return undefined
  return {
    principal: { id: sub, role: role as Principal['role'] },
    email: typeof email === 'string' ? email : '',
    expires_ms: exp * 1_000,
  }
}
