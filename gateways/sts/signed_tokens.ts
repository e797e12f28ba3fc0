// Access tokens are signed and kept nowhere, whichever door gave them out: here is what the provider itself does not do with those.
import { type JWTPayload, jwtVerify } from 'jose'
import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import { limits } from '../../protocols/limits.ts'
import { claimsOf, livingAccount, type StsDoors } from './claims.ts'

type Next = () => Promise<unknown>

/** Serves userinfo and introspection for signed tokens of the service and of `/api/v1/auth`; all else goes its usual way. */
export function serveSignedTokens(provider: Provider, doors: StsDoors): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    const token = ctx.path === '/me' && ctx.method === 'GET' ? bearerOf(ctx) : ''
    if (token.split('.').length === 3) return userinfo(ctx, token, doors)
    await next()
    if (asksForSigned(ctx)) await introspect(ctx, doors)
  })
}

const bearerOf = (ctx: KoaContextWithOIDC) =>
  /^bearer +(\S+)$/i.exec(ctx.get('authorization').trim())?.[1] ?? ''

/** The client is known by then: the provider refuses a signed token only after that. */
function asksForSigned({ oidc, body }: KoaContextWithOIDC): boolean {
  if (oidc?.route !== 'introspection' || !oidc.client) return false
  return (body as { error?: unknown } | undefined)?.error === 'unsupported_token_type'
}

async function userinfo(ctx: KoaContextWithOIDC, token: string, doors: StsDoors): Promise<void> {
  const origin = ctx.get('origin')
  if (doors.config.allowed_origins.includes(origin)) {
    ctx.set('Access-Control-Allow-Origin', origin)
    ctx.set('Vary', 'Origin')
  }
  ctx.set('Cache-Control', 'no-store')
  const claims = await verified(token, doors)
  const account = claims && (await livingAccount(claims.sub ?? '', doors.accounts))
  if (!claims || !account) {
    ctx.status = 401
    ctx.set('WWW-Authenticate', `Bearer realm="${doors.config.sts_issuer}", error="invalid_token"`)
    ctx.body = { error: 'invalid_token', error_description: 'invalid token provided' }
    return
  }
  ctx.body = scoped(claimsOf(account), claims.scope)
}

const claims_of_scope: Readonly<Record<string, readonly string[]>> = {
  profile: ['name', 'picture', 'role'],
  email: ['email', 'email_verified'],
  phone: ['phone_number'],
}

/** A token of `/api/v1/auth` has no scope: its holder may read the whole profile there as well. */
function scoped(claims: ReturnType<typeof claimsOf>, scope: unknown): object {
  if (typeof scope !== 'string') return claims
  const told = new Set(['sub', ...scope.split(' ').flatMap((name) => claims_of_scope[name] ?? [])])
  return Object.fromEntries(Object.entries(claims).filter(([name]) => told.has(name)))
}

async function introspect(ctx: KoaContextWithOIDC, doors: StsDoors): Promise<void> {
  const token = String(ctx.oidc.params?.token ?? '')
  const claims = await verified(token, doors)
  const is_mine = claims?.client_id === ctx.oidc.client?.clientId
  const may_look = is_mine || ctx.oidc.client?.clientAuthMethod !== 'none'
  const is_living =
    claims?.token_type === 'service' ||
    (claims !== undefined && (await livingAccount(claims.sub ?? '', doors.accounts)) !== undefined)
  ctx.status = 200
  // Here `token_type` is how a token is presented: what it is good for stays out of its way.
  ctx.body =
    claims && may_look && is_living
      ? { ...claims, active: true, token_type: 'Bearer', kind: claims.token_type }
      : { active: false }
}

/** The claims of an access token of ours that has not expired. */
async function verified(token: string, { keys, config, env }: StsDoors): Promise<JWTPayload | undefined> {
  if (token.length > limits.token_bytes_max) return undefined
  try {
    const { payload } = await jwtVerify(token, keys.resolve, {
      algorithms: ['EdDSA'],
      issuer: [config.token_issuer, config.sts_issuer],
      currentDate: new Date(env.now_ms()),
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'token_type'],
    })
    return payload
  } catch {
    return undefined
  }
}
