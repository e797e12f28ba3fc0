import { createHash, timingSafeEqual } from 'node:crypto'
import { reject } from '../../protocols/rejections.ts'
import { trustedBy } from './rates.ts'
import { bare, plain } from './reply.ts'
import type { HttpDoors, PublicEndpoint } from './request.ts'

/** A part that is served alone has the name that its events carry as their source. */
const serviceOf = ({ context }: HttpDoors) =>
  context === undefined ? 'kilat-dispatch' : `service-${context}`
/** May always ask for the numbers: it is this machine. */
const loopback = ['127.0.0.0/8', '::1']

export const statusEndpoints = {
  health: async (_request, doors) => bare({ status: 'healthy', service: serviceOf(doors) }),

  readiness: async (_request, doors) => {
    const { ready, checks } = doors.readiness()
    const status = ready ? 'ready' : 'not_ready'
    return bare({ status, service: serviceOf(doors), checks }, undefined, ready ? 200 : 503)
  },

  /** For this machine, trusted addresses, and whoever has the token: `auth.missing_token`, `auth.invalid_token`. */
  metrics: async ({ caller, token }, doors) => {
    const { trusted_addresses, metrics_token } = doors.config
    const near = trustedBy([...loopback, ...trusted_addresses])(caller)
    if (!near && token === '') return reject('auth.missing_token', 'the numbers are for operators')
    if (!near && !sameText(token, metrics_token)) return reject('auth.invalid_token', '')
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
