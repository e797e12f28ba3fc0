/** The rows of `documents.ts` about payments. */
import { Type } from 'typebox'
import { limits } from '../../protocols/limits.ts'
import { itemsOf, one, wire } from '../../protocols/wire.ts'
import { wire_payment } from '../../protocols/wire_payment.ts'
import type { Documented } from './documented.ts'
import { shapes } from './payment_shapes.ts'

const { Payment, InitiatedPayment } = wire_payment
const Page = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_number_max })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_limit_max })),
})

// biome-ignore format: a table reads better as one
export const payment_documents: Readonly<Record<string, Documented>> = {
  'POST /api/v1/payments/initiate':     { about: 'Holds the price of a booking, once; amount and currency are the booking’s. `redirect_url` is a page in every case.', answer: one(InitiatedPayment), status: 201, body: shapes.initiate, refuses: ['booking.not_found', 'booking.not_yours', 'booking.wrong_status', 'payment.failed', 'payment.not_found', 'payment.too_many_tries'] },
  'POST /api/v1/payments/webhook':      { about: 'Stripe’s word, signed; answered once it is durable.', answer: one(wire.Message), body: Type.Object({}), refuses: ['payment.signature'] },
  'GET /api/v1/payments':               { about: 'What was released to the runner who asks.', answer: itemsOf(Payment), query: Page },
  'GET /api/v1/payments/:id':           { about: 'One payment; its id is that of its booking.', answer: one(Payment), refuses: ['payment.not_found', 'payment.not_yours'] },
  'GET /api/v1/payments/booking/:id':   { about: 'The payment of a booking.', answer: one(Payment), refuses: ['payment.not_found', 'payment.not_yours'] },
  'POST /api/v1/payments/:id/refund':   { about: 'Gives back what is held.', answer: one(Payment), refuses: ['payment.not_found', 'payment.not_held', 'payment.capturing'] },
  'GET /payments/done':                 { about: 'The page after a payment.', answer: Type.String(), content_type: 'text/html; charset=utf-8' },
}
