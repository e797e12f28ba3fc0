import { type Static, Type } from 'typebox'

const Chance = Type.Number({ minimum: 0, maximum: 1, default: 0 })

/** What may go wrong, each with its probability; set over `/sandbox/faults`. */
export const Faults = Type.Object({
  /** It is done, and the connection ends without an answer. */
  lost_answers: Chance,
  /** 500, kept under the key and answered again; half of them have done what was asked. */
  saved_500s: Chance,
  /** 429, not kept. */
  too_many: Chance,
  doubled_webhooks: Chance,
  /** Webhooks come up to this late, each by its own delay, hence in any order. */
  webhook_delay_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 0 }),
  answer_delay_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 0 }),
})
export type Faults = Static<typeof Faults>

export const no_faults: Faults = {
  lost_answers: 0,
  saved_500s: 0,
  too_many: 0,
  doubled_webhooks: 0,
  webhook_delay_ms: 0,
  answer_delay_ms: 0,
}
