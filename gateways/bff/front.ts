// The front of browsers: they hold a cookie, we hold their tokens.
import { randomBytes } from 'node:crypto'
import type { Env } from '../../engine/env.ts'
import type { Grants } from '../../protocols/grants.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Config } from '../config.ts'
import { hashOfId, seal, unseal } from '../identity/seal.ts'
import { isCsrf } from './cookie.ts'
import { openTokenEndpoint, type Tokens } from './token_endpoint.ts'

export interface Front {
  /** Opens a session: its id is what goes into the cookie. Refused as a login is. */
  logIn(email: string, password: string, address: string): Promise<{ readonly session: string } | Rejection>
  /**
   * The access token of a session, renewed where it is about to end. `csrf` is what a change showed; undefined for
   * what changes nothing. `auth.invalid_token` without a session, `auth.csrf` with a wrong token.
   */
  tokenOf(session: string, csrf: string | undefined): Promise<string | Rejection>
  /** Ends the session and its tokens; without one nothing happens. */
  logOut(session: string): Promise<void>
}

interface Kept {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_ms: number
}

interface Seen {
  readonly access_token: string
  /** Until then the store need not be asked again: another thread may have ended the session. */
  readonly fresh_until_ms: number
}

interface FrontParts {
  readonly config: Pick<Config, 'sts_port' | 'bind_address'>
  readonly env: Env
  readonly grants: Grants
  readonly bff_secret: string
}

const model = 'BrowserSession'
const life_ms = limits.refresh_token_seconds * 1_000

/** Sessions live in the store as the hash of their id, their tokens sealed under the id: only the browser can open them. */
export function openFront({ config, env, grants, bff_secret }: FrontParts): Front {
  const endpoint = openTokenEndpoint(config, bff_secret)
  const seen = new Map<string, Seen>()
  const under_way = new Map<string, Promise<string | Rejection>>()

  const keep = async (session: string, tokens: Tokens): Promise<Kept> => {
    const { access_token, refresh_token, expires_in } = tokens
    const kept = { access_token, refresh_token, expires_ms: env.now_ms() + expires_in * 1_000 }
    await grants.put({
      model,
      hash: hashOfId(session),
      account_id: subjectOf(access_token),
      payload: { sealed: seal(model, session, kept) },
      expires_ms: env.now_ms() + life_ms,
    })
    return kept
  }
  const find = async (session: string): Promise<Kept | undefined> => {
    const found = await grants.find(model, hashOfId(session), env.now_ms())
    return found && (unseal(model, session, String(found.payload.sealed)) as unknown as Kept)
  }
  const present = async (session: string): Promise<string | Rejection> => {
    let kept = await find(session)
    if (!kept) return reject('auth.invalid_token', 'there is no such session')
    if (kept.expires_ms - limits.bff_renew_ms <= env.now_ms()) {
      const renewed = await endpoint.refresh(kept.refresh_token)
      if (isRefusal(renewed)) return renewed
      kept = await keep(session, { ...renewed, refresh_token: renewed.refresh_token ?? kept.refresh_token })
    }
    remember(session, kept.access_token)
    return kept.access_token
  }
  const remember = (session: string, access_token: string) => {
    seen.delete(session)
    seen.set(session, { access_token, fresh_until_ms: env.now_ms() + limits.bff_recheck_ms })
    if (seen.size > limits.bff_tokens_max) seen.delete(seen.keys().next().value as string)
  }
  /** Requests that come together renew once. */
  const once = (session: string): Promise<string | Rejection> => {
    const known = under_way.get(session)
    if (known) return known
    const work = present(session).finally(() => under_way.delete(session))
    under_way.set(session, work)
    return work
  }
  return {
    async logIn(email, password, address) {
      const tokens = await endpoint.logIn(email, password, address)
      if (isRefusal(tokens)) return tokens
      const session = randomBytes(32).toString('base64url')
      await keep(session, tokens)
      return { session }
    },
    async tokenOf(session, csrf) {
      if (session === '') return reject('auth.missing_token', '')
      if (csrf !== undefined && !isCsrf(session, csrf)) return reject('auth.csrf', '')
      const known = seen.get(session)
      return known && known.fresh_until_ms > env.now_ms() ? known.access_token : once(session)
    },
    async logOut(session) {
      seen.delete(session)
      const kept = session === '' ? undefined : await find(session)
      if (!kept) return
      await grants.remove(model, hashOfId(session))
      await endpoint.revoke(kept.refresh_token)
    },
  }
}

/** Whose token it is; it comes from our own service, so its signature need not be looked at. */
function subjectOf(access_token: string): string {
  const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
  return String((claims as { sub?: unknown }).sub)
}
