/** What the provider did, held against what the log had said by then. */
import type { Intent } from '../../gateways/stripe/sandbox/objects.ts'
import type { Breaches } from './breaches.ts'

export class MoneyAudit {
  readonly #breaches: Breaches
  readonly #isConfirmed: (booking_id: string) => boolean
  readonly #captured = new Set<string>()

  constructor(breaches: Breaches, isConfirmed: (booking_id: string) => boolean) {
    this.#breaches = breaches
    this.#isConfirmed = isConfirmed
  }

  /** After each call: sums fit, and money was taken only after a confirmed delivery. */
  look(intents: readonly Intent[]): void {
    for (const intent of intents) {
      for (const what of wrongSums(intent)) this.#breaches.add('money', `${intent.id}: ${what}`)
      if (intent.captured > 0 && !this.#captured.has(intent.id)) this.#capture(intent)
    }
  }

  #capture({ id, metadata: { booking_id = '' } }: Intent): void {
    this.#captured.add(id)
    if (!this.#isConfirmed(booking_id))
      this.#breaches.add('money', `${id} was captured before the delivery of ${booking_id} was confirmed`)
  }

  /** In the end: one intent a hold that has or had money, and what was cancelled is let go. */
  end(intents: readonly Intent[], isCancelled: (booking_id: string) => boolean): void {
    const holds = new Map<string, string>()
    for (const { id, status, captured, refunded, metadata } of intents) {
      const { booking_id = '', hold = '' } = metadata
      const has_money = status === 'requires_capture' || captured > refunded
      if (!has_money) continue
      const other = holds.get(`${booking_id} ${hold}`)
      if (other !== undefined)
        this.#breaches.add('money', `${id} and ${other} hold money for one hold of ${booking_id}`)
      holds.set(`${booking_id} ${hold}`, id)
      if (isCancelled(booking_id))
        this.#breaches.add('money', `${id} is ${status} although ${booking_id} was cancelled before delivery`)
    }
  }
}

function wrongSums({ amount, captured, captures, refunded }: Intent): string[] {
  const wrong: string[] = []
  if (captured > amount) wrong.push(`${captured} captured of ${amount}`)
  if (captures > 1) wrong.push(`captured ${captures} times`)
  if (refunded > captured) wrong.push(`${refunded} refunded of ${captured}`)
  return wrong
}
