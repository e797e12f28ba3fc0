import { createHmac } from 'node:crypto'
import type { Env } from '../../../engine/env.ts'
import { limits } from '../../../protocols/limits.ts'
import type { Faults } from './faults.ts'
import type { Told } from './ledger.ts'

export interface WebhookParts {
  readonly env: Env
  readonly url: string
  readonly secret: string
  readonly faults: () => Faults
  /** It was answered 2xx, or given up. */
  readonly done: (id: string) => void
}

/** As Stripe signs: `t=<seconds>,v1=<HMAC-SHA256 of "seconds.payload">`. */
export function signatureOf(payload: string, secret: string, at_ms: number): string {
  const seconds = Math.floor(at_ms / 1_000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')}`
}

/** A webhook's body. */
export const payloadOf = ({ id, type, created_ms, object }: Told): string =>
  JSON.stringify({
    id,
    object: 'event',
    api_version: null,
    created: Math.floor(created_ms / 1_000),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    type,
  })

/** Sends what is owed until it is answered 2xx, as often and as late as the faults say; at least once, in no certain order. */
export class Webhooks {
  readonly #parts: WebhookParts
  #stopped = false

  constructor(parts: WebhookParts) {
    this.#parts = parts
  }

  owe(told: Told): void {
    const { env, faults } = this.#parts
    const { webhook_delay_ms, doubled_webhooks } = faults()
    const later = () => Math.floor(webhook_delay_ms * env.random())
    env.after(later(), () => void this.#send(told, 1))
    if (env.random() < doubled_webhooks) env.after(later(), () => void this.#send(told, 1))
  }

  stop(): void {
    this.#stopped = true
  }

  async #send(told: Told, attempt: number): Promise<void> {
    if (this.#stopped) return
    const { env, done } = this.#parts
    const taken = await this.#post(told)
    if (this.#stopped) return
    if (taken || attempt >= limits.sandbox_webhook_tries_max) return done(told.id)
    const wait_ms = Math.min(
      limits.sandbox_webhook_retry_ms * 2 ** (attempt - 1),
      limits.sandbox_webhook_retry_max_ms,
    )
    env.after(wait_ms * (0.5 + env.random()), () => void this.#send(told, attempt + 1))
  }

  #post(told: Told): Promise<boolean> {
    const { env, url, secret } = this.#parts
    const body = payloadOf(told)
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signatureOf(body, secret, env.now_ms()),
    }
    const signal = AbortSignal.timeout(limits.sandbox_webhook_timeout_ms)
    return fetch(url, { method: 'POST', headers, body, signal }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
  }
}
