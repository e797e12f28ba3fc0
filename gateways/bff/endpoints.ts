// Logins of browsers that keep no tokens: SPEC.md, section on the Security Token Service.
import { type Static, Type } from 'typebox'
import { checkOf } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Headers } from '../http/origins.ts'
import { acknowledged, ok, type Reply } from '../http/reply.ts'
import type { HttpDoors, PublicEndpoint } from '../http/request.ts'
import { userOf } from '../identity/user.ts'
import { cookieLine, csrfOf, isCsrf } from './cookie.ts'

export const browserBodies = {
  login: Type.Object({
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ maxLength: limits.password_length_max }),
  }),
}
const check = checkOf(browserBodies, 'browser login')

export const browserEndpoints = {
  /** Answers the user and the CSRF token, and sets the cookie. Refused as a login is. */
  browserLogin: async ({ body, address }, doors) => {
    const given = check('login', body) as Static<typeof browserBodies.login> | Rejection
    if (isRefusal(given)) return given
    const opened = await doors.front.logIn(given.email, given.password, address)
    if (isRefusal(opened)) return opened
    const reply = await whoIs(opened.session, doors)
    return isRefusal(reply)
      ? reply
      : { ...reply, headers: cookie(opened.session, limits.refresh_token_seconds, doors) }
  },

  /** Who is logged in, and the CSRF token that a page shows with each change. */
  browserSession: ({ session }, doors) => whoIs(session, doors),

  /** Ends the session; one that is over already is no error. `auth.csrf` without its token. */
  browserLogout: async ({ session, csrf }, doors) => {
    if (session !== '' && !isCsrf(session, csrf)) return reject('auth.csrf', '')
    await doors.front.logOut(session)
    return { ...acknowledged('logged out'), headers: cookie('', 0, doors) }
  },
} satisfies Record<string, PublicEndpoint>

async function whoIs(session: string, doors: HttpDoors): Promise<Reply | Rejection> {
  const token = await doors.front.tokenOf(session, undefined)
  if (isRefusal(token)) return token
  const verified = await doors.verifier.verify(token)
  if (isRefusal(verified)) return verified
  const account = await doors.accounts.byId(verified.principal.id)
  if (!account) return reject('account.not_found', '')
  return ok({ user: userOf(account), csrf_token: csrfOf(session) })
}

const cookie = (session: string, seconds: number, { config }: HttpDoors): Headers => [
  ['Set-Cookie', cookieLine(session, seconds, config.sts_issuer.startsWith('https:'))],
  ['Cache-Control', 'no-store'],
]
