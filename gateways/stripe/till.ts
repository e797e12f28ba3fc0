import type { Env } from '../../engine/env.ts'
import type { Config } from '../config.ts'
import type { StripeAccess } from './client.ts'
import { startSandboxProcess } from './sandbox/process.ts'

/** Where money moves: Stripe, or the sandbox that was started for want of a key. */
export interface Till {
  readonly access: StripeAccess
  /** For people. */
  readonly summary: string
  pids(): Readonly<Record<string, number | undefined>>
  onChange(call: () => void): void
  stop(): Promise<void>
}

/** With a live key there is no method to fall back on: a client has to name one. */
const default_method = (secret_key: string) => (/^[sr]k_test_/.test(secret_key) ? 'pm_card_visa' : '')

/** Rejects when the sandbox does not start. */
export async function openTill(config: Config, env: Env): Promise<Till> {
  const { stripe_secret_key: secret_key, stripe_webhook_secret: webhook_secret } = config
  if (secret_key !== undefined && webhook_secret !== undefined)
    return {
      access: { secret_key, webhook_secret, default_method: default_method(secret_key) },
      summary: 'payments: Stripe',
      pids: () => ({}),
      onChange: () => {},
      stop: async () => {},
    }
  const { data_dir, bind_address, port } = config
  const host = /^(0\.0\.0\.0|::)$/.test(bind_address) ? '127.0.0.1' : bind_address
  const webhook_url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/api/v1/payments/webhook`
  const sandbox = await startSandboxProcess({ data_dir, webhook_url, env })
  return {
    access: sandbox.access,
    summary: `payments: an embedded sandbox that speaks Stripe's API, at ${sandbox.access.api_url}`,
    pids: () => ({ stripe: sandbox.pid() }),
    onChange: (call) => sandbox.onChange(call),
    stop: () => sandbox.stop(),
  }
}
