// Paying for a booking. Amount and currency are the booking's: what a client says of them is not looked at.
import type { Message } from '../../protocols/actor.ts'
import { checkOf } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { email_shape } from '../identity/login.ts'
import { keyedId } from './command_id.ts'
import { shapes } from './payment_shapes.ts'
import { pageOf } from './query.ts'
import { acknowledged, asOf, created, itemised, plain } from './reply.ts'
import type { Endpoint, HttpDoors, KnownRequest, PublicEndpoint } from './request.ts'

const check = checkOf(shapes, 'body')

interface Initiate {
  readonly booking_id: string
  readonly customer_email: string
  readonly payment_method: string
}

/** The parts of a payment's wire shape that we look into. */
interface PaymentView {
  readonly escrow_status: string
  readonly stripe_payment_id: string
  readonly failure_reason: string
  readonly redirect_url: string
}

function initiateOf(body: KnownRequest['body']): Initiate | Rejection {
  const id = body.booking_id
  const checked = check('initiate', { ...body, booking_id: typeof id === 'string' ? id.toLowerCase() : id })
  if (isRefusal(checked)) return checked
  const order = checked as Initiate
  // One client asks before it knows the address: that must not count as a failure.
  if (order.customer_email !== '' && !email_shape.test(order.customer_email))
    return reject('request.malformed', 'customer_email must be an email address')
  return order
}

export const paymentEndpoints = {
  /**
   * Asks for the hold once for each booking, however often it is called, and answers as soon as that is there, needs
   * the owner, or takes too long. `redirect_url` is a page in every case, for one client opens it in every case.
   */
  initiatePayment: async (request, doors) => {
    const order = initiateOf(request.body)
    if (isRefusal(order)) return order
    const { booking_id: id, payment_method } = order
    const { host, env, reads, config } = doors
    const { by, idempotency_key: key } = request
    if (key.length > limits.idempotency_key_max)
      return reject(
        'request.malformed',
        `Idempotency-Key holds at most ${limits.idempotency_key_max} characters`,
      )
    const deadline_ms = env.now_ms() + limits.command_deadline_ms
    const asked = await host.submit({
      id: key === '' ? env.uuid() : keyedId(by.id, key),
      to: { actor: 'booking', id },
      command: { type: 'booking.pay', payment_method } as Message,
      by,
      deadline_ms,
      lane: 'command',
    })
    if (!asked.ok) return asked.rejection
    const payment = await host.ask({
      to: { actor: 'payment', id },
      query: { type: 'payment.view' },
      by,
      deadline_ms,
    })
    if (!payment.ok) return payment.rejection
    reads.note(by.id, payment.shard, payment.n)
    const view = payment.view as PaymentView
    if (view.escrow_status === 'failed') return reject('payment.failed', view.failure_reason)
    const redirect_url = view.redirect_url === '' ? `${config.public_url}/payments/done` : view.redirect_url
    return created({ ...view, payment_intent_id: view.stripe_payment_id, redirect_url })
  },

  /** What a runner has earned: only what was released, since one client adds up whatever it is given. */
  payments: async ({ query, by }, { lists, reads }) => {
    const { page, limit: asked } = pageOf(query)
    const limit = query.has('limit') ? asked : limits.page_limit_max
    const caught_up = await reads.caughtUp(by.id)
    const found = await lists.payments({ runner_id: by.id, statuses: ['released'], page, limit })
    return asOf(caught_up, itemised(found, page, limit))
  },
} satisfies Record<string, Endpoint>

/** Where an owner ends up when there is nothing to approve, or he has done so. */
const done_page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Payment</title>
<p>There is nothing more to do. You may close this page.</p>
</html>
`
export const openPaymentEndpoints = {
  /** Answered once the frame of what it says is durable; until then Stripe sends it again. */
  paymentWebhook: async ({ raw, signature }, doors) => {
    const told = doors.webhooks.read(raw, signature)
    if (isRefusal(told)) return told
    return told ? await takeIn(told.booking_id, told.seen, doors) : acknowledged('it is none of ours')
  },

  paymentDone: async () => plain(done_page, 'text/html; charset=utf-8'),
} satisfies Record<string, PublicEndpoint>

async function takeIn(id: string, seen: object, { host, env }: HttpDoors) {
  const answer = await host.submit({
    id: env.uuid(),
    to: { actor: 'payment', id },
    command: { type: 'payment.observe', ...seen } as Message,
    by: { id, role: 'service' },
    deadline_ms: env.now_ms() + limits.command_deadline_ms,
    lane: 'command',
  })
  return answer.ok ? acknowledged('taken in') : answer.rejection
}
