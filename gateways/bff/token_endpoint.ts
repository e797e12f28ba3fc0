// The front's own way to the Security Token Service, as one of its clients.
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import { type Rejection, type RejectionCode, reject, rejections } from '../../protocols/rejections.ts'
import type { Config } from '../config.ts'
import { frontAuthorization, password_grant } from '../sts/clients.ts'

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

export interface TokenEndpoint {
  /** For a user's password; what the login is refused with, else. */
  logIn(email: string, password: string, address: string): Promise<Tokens | Rejection>
  /** The next tokens of a session, or `auth.refresh_revoked`. */
  refresh(refresh_token: string): Promise<Tokens | Rejection>
  revoke(refresh_token: string): Promise<void>
}

/** All of them reject with a Fault when the service does not answer, and end in `unavailable` where there is none. */
export function openTokenEndpoint(
  { sts_port, bind_address }: Pick<Config, 'sts_port' | 'bind_address'>,
  secret: string,
): TokenEndpoint {
  const host = ['0.0.0.0', '::'].includes(bind_address) ? '127.0.0.1' : bind_address
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${sts_port}`
  const authorization = frontAuthorization(secret)
  const post = async (path: string, fields: Readonly<Record<string, string>>) => {
    try {
      const response = await fetch(origin + path, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams(fields),
        signal: AbortSignal.timeout(limits.bff_call_ms),
      })
      return { response, text: await response.text() }
    } catch (cause) {
      throw new Fault('the Security Token Service does not answer', { retry: true, cause })
    }
  }
  const ask = async (fields: Readonly<Record<string, string>>): Promise<Tokens | Rejection> => {
    if (sts_port === 0) return reject('unavailable', 'there is no Security Token Service')
    const { response, text } = await post('/token', fields)
    const body = JSON.parse(text) as { readonly error?: string }
    return response.ok ? (body as Tokens) : refusalOf(body.error ?? '', response.headers.get('retry-after'))
  }
  return {
    logIn: (email, password, address) => ask({ grant_type: password_grant, email, password, address }),
    refresh: (refresh_token) => ask({ grant_type: 'refresh_token', refresh_token }),
    async revoke(token) {
      if (sts_port !== 0) await post('/token/revocation', { token, token_type_hint: 'refresh_token' })
    },
  }
}

function refusalOf(error: string, retry_seconds: string | null): Rejection {
  if (error === 'invalid_grant') return reject('auth.refresh_revoked', '')
  if (!Object.hasOwn(rejections, error))
    throw new Fault(`the Security Token Service refused the front: ${error}`, { retry: false })
  const retry = retry_seconds === null ? {} : { retry_after_ms: Number(retry_seconds) * 1_000 }
  return { rejected: error as RejectionCode, detail: '', ...retry }
}
