import { createHash, timingSafeEqual } from 'node:crypto'
import { reject } from '../../protocols/rejections.ts'
import { trustedBy } from './rates.ts'
import { bare, plain } from './reply.ts'
import type { HttpDoors, PublicEndpoint } from './request.ts'

/** A part that is served alone has the name that its events carry as their source. */
const serviceOf = ({ context }: HttpDoors) =>
  context === undefined ? 'kilat-dispatch' : `service-${context}`
/** May ask for the numbers where no token is set: it is this machine. */
const loopback = ['127.0.0.0/8', '::1']

export const statusEndpoints = {
  health: async (_request, doors) => bare({ status: 'healthy', service: serviceOf(doors) }),

  readiness: async (_request, doors) => {
    const { ready, checks } = doors.readiness()
    const status = ready ? 'ready' : 'not_ready'
    return bare({ status, service: serviceOf(doors), checks }, undefined, ready ? 200 : 503)
  },

  /**
   * For whoever has the token. Where there is none, for this machine and trusted addresses, as long as no proxy speaks
   * for somebody else: `auth.missing_token`, `auth.invalid_token`.
   */
  metrics: async ({ caller, is_forwarded, token }, doors) => {
    const { trusted_addresses, metrics_token } = doors.config
    const is_near = !is_forwarded && trustedBy([...loopback, ...trusted_addresses])(caller)
    const is_open = metrics_token === undefined && is_near
    if (!is_open && token === '') return reject('auth.missing_token', 'the numbers are for operators')
    if (!is_open && !sameText(token, metrics_token)) return reject('auth.invalid_token', '')
    return plain(await doors.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  },

  jwks: async (_request, doors) => bare(doors.keys.jwks, 'application/jwk-set+json'),
} satisfies Record<string, PublicEndpoint>

/** Takes as long for any text; never true without a secret. */
function sameText(given: string, secret: string | undefined): boolean {
  if (secret === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}
