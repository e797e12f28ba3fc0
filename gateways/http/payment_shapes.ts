import { Type } from 'typebox'

/** Bodies of payments that are no commands. What a client says of amount and currency is not looked at. */
export const shapes = {
  initiate: Type.Object({
    booking_id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    customer_email: Type.String({ maxLength: 254, default: '' }),
    payment_method: Type.String({ maxLength: 100, pattern: '^[A-Za-z0-9_]*$', default: '' }),
  }),
}
