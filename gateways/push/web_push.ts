// Pushes to browsers: VAPID (RFC 8292) and encrypted payloads (RFC 8291), made by web-push and sent by fetch.
import webpush from 'web-push'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import type { Pusher } from './pusher.ts'

export interface Vapid {
  /** Both as base64url, as `web-push generate-vapid-keys` prints them. */
  readonly public_key: string
  readonly private_key: string
  /** A `mailto:` or `https:` address of whoever runs this. */
  readonly subject: string
}

/** Throws when the keys are none. */
export function webPusher({ public_key, private_key, subject }: Vapid): Pusher {
  webpush.setVapidDetails(subject, public_key, private_key)
  const vapidDetails = { subject, publicKey: public_key, privateKey: private_key }
  return {
    async push({ token: endpoint, p256dh, auth }, message) {
      const request = webpush.generateRequestDetails(
        { endpoint, keys: { p256dh, auth } },
        JSON.stringify(message),
        { vapidDetails, TTL: limits.push_life_seconds },
      )
      const { 'Content-Length': _length, ...headers } = request.headers as Record<string, string>
      const status = await statusOf(endpoint, {
        method: request.method,
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        body: new Uint8Array(request.body ?? Buffer.alloc(0)),
        redirect: 'error',
        signal: AbortSignal.timeout(limits.push_timeout_ms),
      })
      if (status >= 200 && status < 300) return 'taken'
      // 404 and 410: RFC 8030, section 7.3. 400, 403 and 413 will not get better by trying again.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) return 'gone'
      throw new Fault(`a push service answered ${status}`, { retry: true })
    },
  }
}

async function statusOf(endpoint: string, init: RequestInit): Promise<number> {
  try {
    const response = await fetch(endpoint, init)
    await response.body?.cancel()
    return response.status
  } catch (cause) {
    throw new Fault('a push service could not be reached', { retry: true, cause })
  }
}

/** Whether a subscription's endpoint is a push service that we know: no other address is ever called for a client. */
export function isPushService(endpoint: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false
  const { protocol, hostname, username } = new URL(endpoint)
  if (protocol !== 'https:' || username !== '') return false
  return hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
}
