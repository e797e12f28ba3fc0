// The session cookie of browsers: a random id that scripts cannot read and other sites cannot send.
import { createHmac, timingSafeEqual } from 'node:crypto'

const name = 'kilat_session'
const host_name = `__Host-${name}`
const shape = /(?:^|; *)(?:__Host-)?kilat_session=([\w-]{43})(?:;|$)/

/** The session id in a Cookie header; '' for none. */
export const sessionIn = (cookie: string): string => shape.exec(cookie)?.[1] ?? ''

/** A Set-Cookie line for a session, or for none with '' and 0. Over HTTPS no other host and no plain connection can set or see it. */
export const cookieLine = (session: string, seconds: number, secure: boolean): string =>
  `${secure ? host_name : name}=${session}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`

/** What a page shows with each change: it follows from the cookie, which other sites cannot read. */
export const csrfOf = (session: string): string =>
  createHmac('sha256', session).update('kilat csrf').digest('base64url')

export function isCsrf(session: string, shown: string): boolean {
  const right = Buffer.from(csrfOf(session))
  const given = Buffer.from(shown)
  return right.length === given.length && timingSafeEqual(right, given)
}
