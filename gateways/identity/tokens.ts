import { createHash, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Env } from '../../engine/env.ts'
import type { Account, RefreshToken } from '../../protocols/accounts.ts'
import { limits } from '../../protocols/limits.ts'
import type { Keys } from './keys.ts'

/** An access token: a JWT signed with EdDSA that carries the claims the apps know, for 15 minutes. */
export function accessToken(
  account: Pick<Account, 'id' | 'email' | 'role'>,
  keys: Keys,
  issuer: string,
  env: Env,
): Promise<string> {
  const issued = Math.floor(env.now_ms() / 1_000)
  const { id, email, role } = account
  return new SignJWT({ user_id: id, email, role, token_type: 'access' })
    .setProtectedHeader({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject(id)
    .setJti(env.uuid())
    .setIssuedAt(issued)
    .setExpirationTime(issued + limits.access_token_seconds)
    .sign(keys.signing)
}

/** A refresh token is 32 random bytes that mean nothing to anybody else; we keep only what `refreshHash` makes of it. */
export function freshRefresh(now_ms: number): { token: string } & Pick<RefreshToken, 'hash' | 'expires_ms'> {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: refreshHash(token), expires_ms: now_ms + limits.refresh_token_seconds * 1_000 }
}

export const refreshHash = (token: string): Uint8Array => createHash('sha256').update(token).digest()
