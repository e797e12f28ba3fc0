/** Stripe as the engine meets it: the official client on one side, the sandbox's rules on the other, our network between. */
import type Stripe from 'stripe'
import { stripeClient } from '../../gateways/stripe/client.ts'
import { type Answered, type Asked, SandboxApi } from '../../gateways/stripe/sandbox/api.ts'
import { no_faults } from '../../gateways/stripe/sandbox/faults.ts'
import type { Told } from '../../gateways/stripe/sandbox/ledger.ts'
import type { Random } from '../city/random.ts'
import type { Auditor } from './auditor.ts'
import { ask, type Caller, distances, type Place } from './network.ts'
import type { Life, Timeline } from './timeline.ts'
import { start_ms } from './virtual_env.ts'

type HttpClient = NonNullable<Stripe.StripeConfig['httpClient']>
type Response = Awaited<ReturnType<HttpClient['makeRequest']>>

const timeout_ms = 20_000
export const access = {
  secret_key: 'sk_test_simulation',
  webhook_secret: 'whsec_simulation',
  default_method: 'pm_card_visa',
}

export class Provider {
  readonly sandbox: SandboxApi
  /** What it tells of its own accord, as often as the faults say. */
  tell: (told: Told) => void = () => {}
  readonly #place: Place
  readonly #auditor: Auditor

  constructor(timeline: Timeline, life: Life, random: Random, auditor: Auditor) {
    const now_ms = () => Math.floor(start_ms + timeline.now_ms)
    this.sandbox = new SandboxApi({
      now_ms,
      random: () => random.next(),
      page_url: () => 'http://stripe.test',
    })
    this.#auditor = auditor
    this.#place = { life, distance: distances.stripe, timeout_ms, isAway: () => false }
  }

  /** The client that one thread has. */
  clientOf(caller: Caller): Stripe {
    const makeRequest: HttpClient['makeRequest'] = async (_host, _port, path, method, headers, data) => {
      const asked = askedOf(path, method, headers, data)
      const answered = await ask(caller, this.#place, () => this.#handle(asked))
      if (answered.lost) throw new Error('the connection was cut')
      return responseOf(answered)
    }
    return stripeClient(access, { getClientName: () => 'simulation', makeRequest })
  }

  /** An owner does something on a page of the provider's. */
  touch(act: (sandbox: SandboxApi) => void): void {
    act(this.sandbox)
    this.#collect()
  }

  heal(): void {
    this.sandbox.faults = no_faults
  }

  #handle(asked: Asked): Answered {
    const answered = this.sandbox.handle(asked)
    this.#collect()
    return answered
  }

  #collect(): void {
    const { told, intents } = this.sandbox.takeChanges()
    this.#auditor.paid(intents)
    for (const each of told) this.tell(each)
  }
}

function askedOf(path: string, method: string, headers: object, data: string): Asked {
  const url = new URL(path, 'http://stripe.test')
  const [, key = ''] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'idempotency-key') ?? []
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    form: new URLSearchParams(data ?? ''),
    idempotency_key: String(key),
  }
}

function responseOf({ status, body, replayed }: Answered): Response {
  const headers: Record<string, string> = replayed ? { 'idempotent-replayed': 'true' } : {}
  return {
    getStatusCode: () => status,
    getHeaders: () => headers,
    // What the client hands on as `lastResponse`, where our code looks for the headers.
    getRawResponse: () => ({ headers }),
    toStream: () => undefined,
    // The wire would make a copy of it: nobody shares an object with the provider.
    toJSON: async () => structuredClone(body),
  }
}
