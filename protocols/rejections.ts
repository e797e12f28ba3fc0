/** Every way the system says no: one row here is one problem on every transport. */
export const rejections = {
  'account.banned': { status: 403, title: 'The account is suspended' },
  'account.email_taken': { status: 409, title: 'An account with this email already exists' },
  'account.is_you': { status: 409, title: 'Nobody can ban himself' },
  'account.not_found': { status: 404, title: 'User not found' },
  'auth.bad_credentials': { status: 401, title: 'Invalid email or password' },
  'auth.banned': { status: 401, title: 'The account is suspended' },
  'auth.csrf': { status: 403, title: 'The CSRF token is missing or wrong' },
  'auth.expired': { status: 401, title: 'The token has expired' },
  'auth.invalid_token': { status: 401, title: 'The token is not valid' },
  'auth.missing_token': { status: 401, title: 'A bearer token is required' },
  'auth.refresh_revoked': { status: 401, title: 'The refresh token was already used or revoked' },
  'auth.reset_invalid': { status: 400, title: 'The reset token is not valid any more' },
  'auth.role': { status: 403, title: 'This role may not do that' },
  'auth.rate_limited': { status: 429, title: 'Too many requests' },
  'booking.already_rated': { status: 409, title: 'The booking has been rated' },
  'application.exists': { status: 409, title: 'An application with this IC number already exists' },
  'chat.full': { status: 422, title: 'The booking holds no more messages' },
  'device.refused': { status: 400, title: 'The device cannot be reached by this service' },
  'notification.not_found': { status: 404, title: 'Notification not found' },
  'notification.not_yours': { status: 403, title: 'The notification is for someone else' },
  'pet.changed': { status: 409, title: 'The pet was changed by another request' },
  'pet.not_found': { status: 404, title: 'Pet not found' },
  'pet.not_yours': { status: 403, title: 'The pet belongs to someone else' },
  'pet.too_many': { status: 422, title: 'The owner has as many pets as an account holds' },
  'photo.too_many': { status: 422, title: 'The booking holds no more photos' },
  'promo.exists': { status: 409, title: 'A promo with this code already exists' },
  'share.not_found': { status: 404, title: 'The shared trip was not found or has expired' },
  'share.too_many': { status: 422, title: 'The trip has as many links as it may have' },
  'shop.not_found': { status: 404, title: 'Pet shop not found' },
  'shop.not_yours': { status: 403, title: 'The pet shop belongs to someone else' },
  'shop.too_many': { status: 422, title: 'The account has as many pet shops as it may have' },
  'subscription.exists': { status: 409, title: 'There is an active subscription already' },
  'subscription.not_found': { status: 404, title: 'There is no active subscription' },
  'booking.exists': { status: 409, title: 'The booking already exists' },
  'booking.lost_race': { status: 409, title: 'The booking was taken by another runner' },
  'booking.notes_full': { status: 422, title: 'The booking holds no more notes' },
  'booking.not_accepted': { status: 409, title: 'No runner has accepted the booking' },
  'booking.not_found': { status: 404, title: 'Booking not found' },
  'booking.not_yours': { status: 403, title: 'The booking belongs to someone else' },
  'booking.runner_refused': { status: 409, title: 'The runner could not be reserved for the booking' },
  'booking.unfit_animal': { status: 422, title: 'The animal is not fit to travel' },
  'booking.vaccination_expired': { status: 400, title: 'A vaccination is more than one year old' },
  'booking.wrong_status': { status: 422, title: 'The booking cannot move that way' },
  'booking.payment_open': { status: 409, title: 'The payment of the booking is not settled' },
  'payment.capturing': { status: 409, title: 'The payment is being released' },
  'payment.failed': { status: 402, title: 'The payment failed' },
  'payment.not_found': { status: 404, title: 'Payment not found' },
  'payment.not_held': { status: 422, title: 'The payment is not held' },
  'payment.not_yours': { status: 403, title: 'The payment belongs to someone else' },
  'payment.signature': { status: 400, title: 'The signature of the webhook does not hold' },
  'payment.too_many_tries': { status: 409, title: 'The payment was tried too often' },
  'request.failed': { status: 500, title: 'Something went wrong on our side' },
  'request.key_expired': { status: 409, title: 'The idempotency key has expired' },
  'request.key_reused': { status: 422, title: 'The idempotency key was used with another body' },
  'request.malformed': { status: 400, title: 'The request does not match its schema' },
  'request.method': { status: 405, title: 'The path does not know this method' },
  'request.not_found': { status: 404, title: 'No such path' },
  'request.headers_too_large': { status: 431, title: 'The headers of the request are too large' },
  'request.too_large': { status: 413, title: 'The request body is too large' },
  'request.url_too_long': { status: 414, title: 'The address of the request is too long' },
  'request.too_slow': { status: 408, title: 'The request took too long to arrive' },
  'runner.at_capacity': { status: 409, title: 'The runner already holds a booking' },
  'runner.exists': { status: 409, title: 'Runner profile already exists' },
  'runner.no_crate': { status: 422, title: 'The runner has no crate that fits' },
  'runner.not_admitted': { status: 422, title: 'The job asks for a runner of higher quality' },
  'runner.not_certified': { status: 422, title: 'The animal needs a certified runner' },
  'runner.not_found': { status: 404, title: 'Runner profile not found' },
  'runner.not_online': { status: 400, title: 'The runner is not online' },
  'runner.too_many_crates': { status: 422, title: 'The runner has as many crates as a profile holds' },
  'trip.not_active': { status: 409, title: 'The trip is not under way' },
  'trip.not_found': { status: 404, title: 'Trip not found' },
  'actor.quarantined': { status: 503, title: 'This record is under repair' },
  'command.poisoned': { status: 500, title: 'The command could not be decided' },
  deadline: { status: 503, title: 'The answer would have come too late' },
  moved: { status: 503, title: 'Another owner serves this record now' },
  overloaded: { status: 503, title: 'Too much work is waiting' },
  unavailable: { status: 503, title: 'The service is not ready' },
} as const satisfies Record<string, { status: number; title: string }>

export type RejectionCode = keyof typeof rejections

export interface Rejection {
  readonly rejected: RejectionCode
  readonly detail: string
  readonly retry_after_ms?: number
}

export const reject = (rejected: Exclude<RejectionCode, 'overloaded'>, detail: string): Rejection => ({
  rejected,
  detail,
})

/** A queue is full. It never waits: the caller does, and is told for how long. */
export const overloaded = (detail: string, retry_after_ms: number): Rejection => ({
  rejected: 'overloaded',
  detail,
  retry_after_ms,
})

/** Whether the same may be taken when it comes again: a socket says so with a time. */
export const mayPass = ({ rejected, retry_after_ms }: Rejection): boolean =>
  retry_after_ms !== undefined || rejections[rejected].status === 503

/** True for a value that some row refused with. Events and views are never shaped like this. */
export const isRefusal = (value: unknown): value is Rejection =>
  typeof value === 'object' && value !== null && 'rejected' in value
