// Stripe's HTTP API as far as we use it: form bodies, idempotency keys, lists; and the faults that a network and a provider have.
import { createHash } from 'node:crypto'
import { type Faults, no_faults } from './faults.ts'
import { Ledger, missing, type Outcome, refused, type Surroundings, type Told } from './ledger.ts'
import { type Intent, wireIntent } from './objects.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly form: URLSearchParams
  readonly idempotency_key: string
}

export interface Answered extends Outcome {
  /** The key was used before: this is the first answer again. */
  readonly replayed: boolean
  /** The connection ends instead. */
  readonly lost: boolean
}

/** The first answer to a key. */
export interface Saved {
  readonly key: string
  readonly hash: string
  readonly at_ms: number
  readonly status: number
  readonly body: object
}

/** All that has to be on disk before an answer leaves. */
export interface Changes {
  readonly intents: readonly Intent[]
  readonly told: readonly Told[]
  readonly saved: readonly Saved[]
}

/** Stripe forgets keys after at least a day. */
export const key_life_ms = 86_400_000

export class SandboxApi {
  readonly ledger: Ledger
  faults: Faults = no_faults
  readonly #around: Surroundings
  readonly #saved = new Map<string, Saved>()
  #fresh: Saved[] = []

  constructor(around: Surroundings) {
    this.#around = around
    this.ledger = new Ledger(around)
  }

  restoreKey(saved: Saved): void {
    this.#saved.set(saved.key, saved)
  }

  get keys(): readonly Saved[] {
    return [...this.#saved.values()].filter(({ at_ms }) => this.#around.now_ms() - at_ms < key_life_ms)
  }

  takeChanges(): Changes {
    const saved = this.#fresh
    this.#fresh = []
    return { ...this.ledger.takeChanges(), saved }
  }

  /** Carries a call out, once for each key, with whatever fault the dice say. */
  handle(asked: Asked): Answered {
    const whole = (outcome: Outcome, replayed = false, lost = false) => ({ ...outcome, replayed, lost })
    if (this.#happens(this.faults.too_many))
      return whole(refused(429, 'invalid_request_error', 'rate_limit', 'Too many requests'))
    if (asked.method !== 'POST')
      return whole(this.#read(asked), false, this.#happens(this.faults.lost_answers))
    const known = this.#known(asked)
    if (known) return known
    const outcome = this.#faulty(() => this.#write(asked))
    this.#save(asked, outcome)
    return whole(outcome, false, this.#happens(this.faults.lost_answers))
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#around.random() < chance
  }

  #faulty(act: () => Outcome): Outcome {
    if (!this.#happens(this.faults.saved_500s)) return act()
    if (this.#around.random() < 0.5) act()
    return refused(500, 'api_error', 'api_error', 'An error occurred on our side')
  }

  #known({ idempotency_key: key, ...asked }: Asked): Answered | undefined {
    const saved = key === '' ? undefined : this.#saved.get(key)
    if (!saved || this.#around.now_ms() - saved.at_ms >= key_life_ms) return undefined
    if (saved.hash === hashOf(asked)) return { ...saved, replayed: true, lost: false }
    const why = 'Keys for idempotent requests can only be used with the same parameters.'
    return {
      ...refused(400, 'idempotency_error', 'idempotency_key_reused', why),
      replayed: false,
      lost: false,
    }
  }

  #save({ idempotency_key: key, ...asked }: Asked, { status, body }: Outcome): void {
    if (key === '') return
    const saved = { key, hash: hashOf(asked), at_ms: this.#around.now_ms(), status, body }
    this.#saved.set(key, saved)
    this.#fresh.push(saved)
  }

  #read({ path, query }: Asked): Outcome {
    if (path === '/v1/payment_intents') return this.#list(query)
    if (path === '/v1/payment_intents/search') return this.#search(query)
    const id = /^\/v1\/payment_intents\/(\w+)$/.exec(path)?.[1]
    if (id === undefined) return missing(`path: ${path}`)
    const intent = this.ledger.find(id)
    return intent ? { status: 200, body: wireIntent(intent, true) } : missing(`payment_intent: ${id}`)
  }

  #write({ path, form }: Asked): Outcome {
    if (path === '/v1/payment_intents') return this.ledger.create(orderOf(form))
    if (path === '/v1/refunds') return this.#refund(form)
    const [, id = '', verb = ''] = /^\/v1\/payment_intents\/(\w+)\/(\w+)$/.exec(path) ?? []
    const intent = this.ledger.find(id)
    if (!intent) return missing(`payment_intent: ${id}`)
    if (verb === 'confirm')
      return this.ledger.confirm(intent, form.get('payment_method') ?? '', form.get('return_url') ?? '')
    if (verb === 'capture') return this.ledger.capture(intent)
    return verb === 'cancel' ? this.ledger.cancel(intent) : missing(`path: ${path}`)
  }

  #refund(form: URLSearchParams): Outcome {
    const id = form.get('payment_intent') ?? ''
    const intent = this.ledger.find(id)
    if (!intent) return missing(`payment_intent: ${id}`)
    const amount = form.get('amount')
    return this.ledger.refund(intent, amount === null ? undefined : Number(amount))
  }

  /** Newest first, as Stripe's lists are. */
  #list(query: URLSearchParams): Outcome {
    const [from, until] = [
      Number(query.get('created[gte]') ?? 0),
      Number(query.get('created[lte]') ?? Infinity),
    ]
    const limit = Math.min(Number(query.get('limit') ?? 10), 100)
    const all = this.ledger.intents
      .filter(({ created_ms }) => created_ms >= from * 1_000 && created_ms < (until + 1) * 1_000)
      .reverse()
    const after = all.findIndex(({ id }) => id === query.get('starting_after'))
    const rest = all.slice(after + 1)
    return page(rest.slice(0, limit), rest.length > limit, 'list')
  }

  #search(query: URLSearchParams): Outcome {
    const wanted = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(query.get('query') ?? '')
    if (!wanted)
      return refused(400, 'invalid_request_error', 'parameter_invalid', 'This query is not understood')
    const [, name = '', value] = wanted
    return page(
      this.ledger.intents
        .filter(({ metadata }) => metadata[name] === value)
        .reverse()
        .slice(0, 100),
      false,
      'search_result',
    )
  }
}

const page = (intents: readonly Intent[], has_more: boolean, object: string): Outcome => ({
  status: 200,
  body: {
    object,
    has_more,
    url: '/v1/payment_intents',
    data: intents.map((intent) => wireIntent(intent, true)),
  },
})

function orderOf(form: URLSearchParams) {
  const metadata: Record<string, string> = {}
  for (const [name, value] of form) {
    const key = /^metadata\[(\w+)\]$/.exec(name)?.[1]
    if (key !== undefined) metadata[key] = value
  }
  return {
    amount: Number(form.get('amount')),
    currency: form.get('currency') ?? '',
    capture_method: form.get('capture_method') === 'manual' ? ('manual' as const) : ('automatic' as const),
    payment_method: form.get('payment_method') ?? '',
    metadata,
  }
}

const hashOf = ({ method, path, form }: Omit<Asked, 'idempotency_key'>): string =>
  createHash('sha256').update(`${method} ${path} ${form}`).digest('base64')
