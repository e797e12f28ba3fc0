// Payments: one row each, under the id of its booking.
import { Fault } from '../engine/ports.ts'
import type { PaymentEvent } from '../protocols/payment.ts'
import { arrayOf, type Transaction } from './pg.ts'
import { type Fact, instant, recordset } from './records.ts'

type Columns = Readonly<Record<string, string | number | null>>
type Created = Extract<PaymentEvent, { type: 'payment.escrow_created' }>

/** What an event changes in a row, in the wire shape's names. */
type Moves = {
  readonly [Type in PaymentEvent['type']]?: (
    event: Extract<PaymentEvent, { type: Type }>,
    at: string,
  ) => { readonly columns: Columns; readonly counts: boolean }
}

const moved = (columns: Columns) => ({ columns, counts: true })
const noted = (columns: Columns) => ({ columns, counts: false })
const maybe = (id: string) => (id === '' ? null : id)

/** The events that change a payment's wire shape; those that count do so by one version. */
const moves: Moves = {
  'payment.escrow_created': (event) =>
    moved({ ...orderOf(event), escrow_status: 'pending', stripe_payment_id: '', failure_reason: '' }),
  'payment.action_required': ({ stripe_payment_id }) =>
    moved({ escrow_status: 'pending', stripe_payment_id }),
  'payment.escrow_held': ({ stripe_payment_id }, at) =>
    moved({ escrow_status: 'held', stripe_payment_id, escrow_held_at: at }),
  'payment.capture_due': ({ runner_id }) => noted({ runner_id }),
  'payment.capture_requested': ({ runner_id }) => noted({ runner_id: maybe(runner_id) }),
  'payment.escrow_released': (_event, at) => moved({ escrow_status: 'released', escrow_released_at: at }),
  'payment.escrow_refunded': ({ stripe_payment_id, refund_reason }, at) =>
    moved({ escrow_status: 'refunded', stripe_payment_id, refunded_at: at, refund_reason }),
  'payment.failed': ({ stripe_payment_id, reason }) =>
    moved({ escrow_status: 'failed', stripe_payment_id, failure_reason: reason }),
  'payment.runner_assigned': ({ runner_id }) => moved({ runner_id: maybe(runner_id) }),
}

const orderOf = (event: Created): Columns => ({
  booking_number: event.booking_number,
  owner_id: event.owner_id,
  runner_id: maybe(event.runner_id),
  amount_cents: event.amount_cents,
  platform_fee_cents: event.platform_fee_cents,
  runner_payout_cents: event.runner_payout_cents,
  currency: event.currency,
  payment_method: event.payment_method,
})

interface Row extends Columns {
  readonly id: string
  readonly version: number
}

function fold(rows: Map<string, Row>, changed: Set<string>, { event, event_id }: Fact): void {
  const { id, type, data, at_ms } = event
  // The row's type follows from the event's, which the compiler cannot see here.
  const move = moves[type as PaymentEvent['type']] as
    | ((event: object, at: string) => { columns: Columns; counts: boolean })
    | undefined
  if (!move) return
  const at = instant(at_ms)
  const known = rows.get(id)
  if (!known && type !== 'payment.escrow_created')
    throw new Fault(`${event_id}: ${type} of an unknown payment ${id}`, { retry: false })
  const row = known ?? { ...unborn, id, booking_id: id, version: 0, created_at: at }
  const { columns, counts } = move({ type, ...data }, at)
  const version = Number(row.version) + (counts ? 1 : 0)
  rows.set(id, { ...row, ...columns, version, ...(counts ? { updated_at: at } : {}) })
  changed.add(id)
}

const unborn = {
  stripe_payment_id: '',
  escrow_held_at: null,
  escrow_released_at: null,
  refunded_at: null,
  refund_reason: '',
  failure_reason: '',
}

/** Brings the payments' table up to these facts. Rejects with a Fault when one is of a payment that never was asked for. */
export async function projectPayments(tx: Transaction, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return
  const ids = [...new Set(facts.map(({ event }) => event.id))]
  const known = await tx<{ row: Row }[]>`
    SELECT to_jsonb(payments) AS row FROM payments WHERE id = ANY(${arrayOf(ids)}::uuid[])`
  const rows = new Map(known.map(({ row }) => [row.id, row]))
  const changed = new Set<string>()
  for (const fact of facts) fold(rows, changed, fact)
  const fresh = [...changed].flatMap((id) => rows.get(id) ?? [])
  if (fresh.length === 0) return
  await tx`
    DELETE FROM payments WHERE id = ANY(${arrayOf([...changed])}::uuid[])`
  await tx`
    INSERT INTO payments SELECT * FROM jsonb_populate_recordset(NULL::payments, ${recordset(fresh)}::text::jsonb)`
}
