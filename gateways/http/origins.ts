// Which web pages may call: contract, section 1.5.
import { limits } from '../../protocols/limits.ts'

export type Headers = readonly (readonly [name: string, value: string])[]

/** Headers of every answer, whoever asks. */
export const security_headers: Headers = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['X-XSS-Protection', '1; mode=block'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
  ['Referrer-Policy', 'strict-origin-when-cross-origin'],
]

/** Of an answer that does not say otherwise: it is nobody else's and no page. */
export const unless_said: Headers = [
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
]

/** What a browser is told on a preflight. */
export const preflight_headers: Headers = [
  ['Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE, OPTIONS'],
  [
    'Access-Control-Allow-Headers',
    'Origin, Content-Type, Accept, Authorization, X-Request-ID, Idempotency-Key, X-CSRF-Token',
  ],
  ['Access-Control-Max-Age', String(limits.cors_max_age_seconds)],
]

const none: Headers = []

/**
 * The headers that answer an Origin: none for a request without one or from this very host, `refused` for a page
 * that is not on the list. The origin is echoed, never `*`, since credentials are allowed.
 */
export function corsHeaders(origin: string, host: string, allowed: ReadonlySet<string>): Headers | 'refused' {
  if (origin === '' || origin === `http://${host}` || origin === `https://${host}`) return none
  if (!allowed.has(origin)) return 'refused'
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'Content-Length, X-Request-ID'],
    ['Vary', 'Origin'],
  ]
}
