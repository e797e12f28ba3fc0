// The sandbox without a wire: intents that move as Stripe's documentation says, and what is told about them.
import { hold_life_ms, type Intent, methods, wireIntent } from './objects.ts'

/** A webhook that is owed. */
export interface Told {
  readonly id: string
  readonly type: string
  readonly created_ms: number
  readonly object: object
}

/** What an operation came to. */
export interface Outcome {
  readonly status: number
  readonly body: object
}

export interface Surroundings {
  now_ms(): number
  /** In [0, 1). */
  random(): number
  /** Of the pages that owners are sent to. */
  page_url(): string
}

export interface Made {
  readonly amount: number
  readonly currency: string
  readonly capture_method: 'manual' | 'automatic'
  readonly payment_method: string
  readonly metadata: Readonly<Record<string, string>>
}

export const refused = (
  status: number,
  type: string,
  code: string,
  message: string,
  more: object = {},
): Outcome => ({
  status,
  body: { error: { type, code, message, ...more } },
})
export const missing = (what: string): Outcome =>
  refused(404, 'invalid_request_error', 'resource_missing', `No such ${what}`)

export class Ledger {
  readonly #around: Surroundings
  readonly #intents = new Map<string, Intent>()
  /** What changed since the last look, for the file and the webhooks. */
  readonly #changed = new Set<string>()
  #told: Told[] = []

  constructor(around: Surroundings) {
    this.#around = around
  }

  get intents(): readonly Intent[] {
    return [...this.#intents.values()]
  }

  restore(intent: Intent): void {
    this.#intents.set(intent.id, intent)
  }

  takeChanges(): { readonly intents: readonly Intent[]; readonly told: readonly Told[] } {
    const intents = [...this.#changed].flatMap((id) => this.#intents.get(id) ?? [])
    const told = this.#told
    this.#changed.clear()
    this.#told = []
    return { intents, told }
  }

  find(id: string): Intent | undefined {
    this.#lapse(id)
    return this.#intents.get(id)
  }

  create({ amount, currency, capture_method, payment_method, metadata }: Made): Outcome {
    if (!Number.isSafeInteger(amount) || amount < 1)
      return refused(400, 'invalid_request_error', 'parameter_invalid_integer', 'Invalid amount')
    if (amount < 200) return refused(400, 'invalid_request_error', 'amount_too_small', 'Amount is too small')
    if (payment_method !== '' && !Object.hasOwn(methods, payment_method))
      return refused(400, 'invalid_request_error', 'resource_missing', 'No such PaymentMethod')
    const intent: Intent = {
      id: this.#id('pi_'),
      created_ms: this.#around.now_ms(),
      amount,
      currency,
      capture_method,
      metadata,
      status: payment_method === '' ? 'requires_payment_method' : 'requires_confirmation',
      payment_method,
      return_url: '',
      approval_url: '',
      last_error: null,
      held_ms: 0,
      captured: 0,
      captures: 0,
      refunded: 0,
    }
    return this.#set(intent, 'payment_intent.created')
  }

  confirm(intent: Intent, payment_method: string, return_url: string): Outcome {
    if (intent.status !== 'requires_confirmation' && intent.status !== 'requires_payment_method')
      return unexpected(intent)
    const method = payment_method === '' ? intent.payment_method : payment_method
    const behaviour = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (behaviour === undefined)
      return refused(400, 'invalid_request_error', 'resource_missing', 'No such PaymentMethod')
    const tried = { ...intent, payment_method: method, return_url }
    if (behaviour === 'good') return this.#hold(tried)
    if (behaviour !== 'approve') return this.#decline(tried, behaviour)
    const approval_url = `${this.#around.page_url()}/sandbox/approve/${intent.id}`
    return this.#set({ ...tried, status: 'requires_action', approval_url }, 'payment_intent.requires_action')
  }

  /** What the owner says on the page. */
  approve(intent: Intent, does: boolean): Outcome {
    if (intent.status !== 'requires_action') return unexpected(intent)
    if (does) return this.#hold(intent)
    return this.#decline(intent, {
      code: 'payment_intent_authentication_failure',
      decline_code: 'authentication_failed',
    })
  }

  capture(intent: Intent): Outcome {
    if (intent.status !== 'requires_capture') return unexpected(intent)
    const captured = intent.amount
    const captures = intent.captures + 1
    return this.#set({ ...intent, status: 'succeeded', captured, captures }, 'payment_intent.succeeded')
  }

  cancel(intent: Intent): Outcome {
    if (intent.status === 'succeeded' || intent.status === 'canceled') return unexpected(intent)
    return this.#set({ ...intent, status: 'canceled' }, 'payment_intent.canceled')
  }

  refund(intent: Intent, amount = intent.captured - intent.refunded): Outcome {
    if (intent.status !== 'succeeded') return unexpected(intent)
    if (intent.refunded + amount > intent.captured || amount <= 0)
      return refused(400, 'invalid_request_error', 'charge_already_refunded', 'It has already been refunded')
    this.#set({ ...intent, refunded: intent.refunded + amount }, 'charge.refunded')
    const { id, currency } = intent
    const refund = {
      id: this.#id('re_'),
      object: 'refund',
      amount,
      currency,
      payment_intent: id,
      status: 'succeeded',
    }
    return { status: 200, body: refund }
  }

  /** Ends holds whose time is over; one of them at once when it is named. */
  lapseAll(id?: string): void {
    for (const intent of this.#intents.values()) this.#lapse(intent.id, intent.id === id)
  }

  #lapse(id: string, now = false): void {
    const intent = this.#intents.get(id)
    if (intent?.status !== 'requires_capture') return
    if (now || this.#around.now_ms() >= intent.held_ms + hold_life_ms)
      this.#set({ ...intent, status: 'canceled' }, 'payment_intent.canceled')
  }

  #hold(intent: Intent): Outcome {
    const held: Intent = { ...intent, held_ms: this.#around.now_ms(), last_error: null, approval_url: '' }
    if (intent.capture_method === 'automatic') return this.capture({ ...held, status: 'requires_capture' })
    return this.#set({ ...held, status: 'requires_capture' }, 'payment_intent.amount_capturable_updated')
  }

  #decline(intent: Intent, last_error: { code: string; decline_code: string }): Outcome {
    const { body } = this.#set(
      { ...intent, status: 'requires_payment_method', last_error, approval_url: '' },
      'payment_intent.payment_failed',
    )
    return refused(402, 'card_error', last_error.code, 'Your card was declined.', {
      decline_code: last_error.decline_code,
      payment_intent: body,
    })
  }

  #set(intent: Intent, type: string): Outcome {
    this.#intents.set(intent.id, intent)
    this.#changed.add(intent.id)
    const object = wireIntent(intent, false)
    this.#told.push({ id: this.#id('evt_'), type, created_ms: this.#around.now_ms(), object })
    return { status: 200, body: wireIntent(intent, true) }
  }

  #id(prefix: string): string {
    let id = `${prefix}3`
    while (id.length < prefix.length + 24) id += Math.floor(this.#around.random() * 36).toString(36)
    return id
  }
}

const unexpected = (intent: Intent): Outcome =>
  refused(
    400,
    'invalid_request_error',
    'payment_intent_unexpected_state',
    `This PaymentIntent's status is ${intent.status}.`,
    { payment_intent: wireIntent(intent, true) },
  )
