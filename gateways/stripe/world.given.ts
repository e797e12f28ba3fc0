/** A booking and its payment, the official client and the sandbox's rules in one process: nothing but the wire is left out. */
import Stripe from 'stripe'
import { behaviours } from '../../actors/behaviours.ts'
import { request } from '../../actors/booking.given.ts'
import type { Booking } from '../../actors/booking.ts'
import { noon_ms, standing } from '../../actors/given.ts'
import type { Payment } from '../../actors/payment.ts'
import { SteppedEnv } from '../../engine/clock.ts'
import { type FollowUp, isRejection, type Message, type Principal } from '../../protocols/actor.ts'
import type { Effect } from '../../protocols/effects.ts'
import { stripeClient } from './client.ts'
import { type StripeEffect, type StripeEffects, stripeEffects } from './intents.ts'
import { type Answered, type Asked, SandboxApi } from './sandbox/api.ts'
import type { Told } from './sandbox/ledger.ts'
import type { Intent } from './sandbox/objects.ts'
import { payloadOf, signatureOf } from './sandbox/webhooks.ts'
import { type WebhookReader, webhookReader } from './webhook.ts'

export const booking_id = '77777777-7777-4777-8777-777777777777'
export const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
export const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
export const admin: Principal = { id: '44444444-4444-4444-8444-444444444444', role: 'admin' }
const service: Principal = { id: booking_id, role: 'service' }
const webhook_secret = 'whsec_world'

interface Owed {
  readonly id: string
  readonly effect: StripeEffect
  attempt: number
}

interface Timer {
  readonly due_ms: number
  readonly step: FollowUp
}

/** The process died while it called Stripe. */
class Death extends Error {}

export class MoneyWorld {
  readonly random: () => number
  readonly sandbox: SandboxApi
  readonly owed: Owed[] = []
  readonly webhooks: Told[] = []
  readonly timers: Timer[] = []
  /** Chances of a death around a call, and of a call that arrives long after its sender died. */
  deaths = 0
  now_ms = noon_ms
  readonly #states = new Map<string, unknown>()
  readonly #stray_calls: Asked[] = []
  readonly #effects: StripeEffects
  readonly #reader: WebhookReader
  #events = 0

  constructor(random: () => number) {
    this.random = random
    const clock = { now_ms: () => this.now_ms, random, page_url: () => 'http://sandbox.test' }
    this.sandbox = new SandboxApi(clock)
    const access = { secret_key: 'sk_test_world', webhook_secret, default_method: 'pm_card_visa' }
    const fetch = async (url: string | URL | Request, init?: RequestInit) => this.#call(String(url), init)
    const stripe = stripeClient(access, Stripe.createFetchHttpClient(fetch as typeof globalThis.fetch))
    const env = Object.assign(new SteppedEnv(), { now_ms: () => this.now_ms })
    this.#effects = stripeEffects({
      stripe,
      env,
      return_url: 'http://here.test',
      default_method: 'pm_card_visa',
    })
    this.#reader = webhookReader(stripe, webhook_secret)
    this.tell('booking', request, owner)
  }

  get booking(): Booking {
    return this.#state('booking') as Booking
  }

  get payment(): Payment {
    return this.#state('payment') as Payment
  }

  get intents(): readonly Intent[] {
    return this.sandbox.ledger.intents
  }

  #state(actor: string): unknown {
    return this.#states.get(actor) ?? behaviours.find(({ name }) => name === actor)?.initial
  }

  tell(actor: string, command: Message, by: Principal): void {
    const behaviour = behaviours.find(({ name }) => name === actor)
    if (!behaviour || (actor !== 'booking' && actor !== 'payment')) return
    const context = { ...standing, id: booking_id, by, at_ms: this.now_ms, command_id: `c${this.#events}` }
    const decision = behaviour.decide(this.#state(actor), command, context)
    if (isRejection(decision)) return
    for (const event of decision)
      this.#states.set(actor, behaviour.evolve(this.#state(actor), event, context))
    const broken = behaviour.invariant(this.#state(actor))
    if (broken !== undefined) throw new Error(`${actor}: ${broken}`)
    for (const event of decision) {
      this.#events += 1
      const { follow_ups = [], effects = [] } = behaviour.react(event, context)
      for (const [index, effect] of effects.entries()) this.#owe(effect, `${this.#events}:${index}`)
      for (const step of follow_ups) this.#follow(step)
    }
  }

  #follow(step: FollowUp): void {
    if (step.after_ms === undefined) this.tell(step.to.actor, step.command, service)
    else this.timers.push({ due_ms: this.now_ms + step.after_ms, step })
  }

  #owe(effect: Effect, id: string): void {
    if (effect.type.startsWith('stripe.')) this.owed.push({ id, effect: effect as StripeEffect, attempt: 1 })
  }

  /** One try of one effect, whichever is named. A failed one stays owed; after a death its tries are counted anew. */
  async carryOut(index: number): Promise<void> {
    const owed = this.owed[index]
    if (!owed) return
    try {
      const result = await this.#effects.run(owed.effect, owed.id, owed.attempt)
      if (this.random() < this.deaths) throw new Death()
      if (result) this.tell(result.to.actor, result.command, service)
      this.owed.splice(this.owed.indexOf(owed), 1)
    } catch (error) {
      owed.attempt = isDeath(error) ? 1 : owed.attempt + 1
    }
  }

  /** A webhook arrives, whichever is named; sometimes it will come again. */
  hear(index: number): void {
    const told = this.webhooks[index]
    if (!told) return
    if (this.random() < 0.8) this.webhooks.splice(index, 1)
    const payload = payloadOf(told)
    // The reader holds signatures against the real clock.
    const seen = this.#reader.read(Buffer.from(payload), signatureOf(payload, webhook_secret, Date.now()))
    if (seen && 'booking_id' in seen)
      this.tell('payment', { type: 'payment.observe', ...seen.seen } as Message, service)
    else if (seen) throw new Error('a genuine webhook was refused')
  }

  /** What the owner says on the page of the newest intent, or what time does to a hold. */
  touch(act: (api: SandboxApi, intent: Intent) => void): void {
    const intent = this.intents.at(-1)
    if (intent) act(this.sandbox, intent)
    this.#collect()
  }

  /** Fires every timer that is due by then. */
  advance(ms: number): void {
    const until_ms = this.now_ms + ms
    for (;;) {
      const due = this.timers
        .filter(({ due_ms }) => due_ms <= until_ms)
        .sort((a, b) => a.due_ms - b.due_ms)[0]
      if (!due) break
      this.timers.splice(this.timers.indexOf(due), 1)
      this.now_ms = Math.max(this.now_ms, due.due_ms)
      this.tell(due.step.to.actor, due.step.command, service)
    }
    this.now_ms = until_ms
  }

  /** A call of a dead process arrives. */
  land(): void {
    const call = this.#stray_calls.shift()
    if (call) this.sandbox.handle(call)
    this.#collect()
  }

  get stray_calls(): number {
    return this.#stray_calls.length
  }

  async #call(url: string, init: RequestInit | undefined): Promise<Response> {
    const asked = askedOf(url, init)
    const chance = this.random()
    if (chance < this.deaths / 4) throw new Death()
    if (chance < this.deaths / 2) {
      this.#stray_calls.push(asked)
      throw new Death()
    }
    const answered = this.sandbox.handle(asked)
    this.#collect()
    if (chance < this.deaths) throw new Death()
    if (answered.lost) throw new TypeError('the connection was cut')
    return responseOf(answered)
  }

  #collect(): void {
    this.webhooks.push(...this.sandbox.takeChanges().told)
  }
}

const isDeath = (error: unknown): boolean =>
  error instanceof Death ||
  (error instanceof Error && error.cause !== undefined && isDeath(error.cause)) ||
  (error instanceof Stripe.errors.StripeError && error.detail instanceof Death)

function askedOf(url: string, init: RequestInit | undefined): Asked {
  const { pathname: path, searchParams: query } = new URL(url)
  const form = new URLSearchParams(typeof init?.body === 'string' ? init.body : '')
  const idempotency_key = new Headers(init?.headers).get('idempotency-key') ?? ''
  return { method: init?.method ?? 'GET', path, query, form, idempotency_key }
}

function responseOf({ status, body, replayed }: Answered): Response {
  const headers = {
    'content-type': 'application/json',
    ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
  }
  return new Response(JSON.stringify(body), { status, headers })
}
