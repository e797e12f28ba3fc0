/**
 * What the OpenAPI document says of each route beyond the table of routes. A route without a row here is a failing
 * test (OA1), which names it; a row is `about` (a sentence), `answer` (the whole body of a success, mostly
 * `one(wire.Booking)`) and `refuses` (the codes that only this route answers; those of every route are added by
 * `openapi.ts`). Schemas of bodies are the commands' own; `body` is for routes that name an endpoint.
 */
import { Type } from 'typebox'
import { limits } from '../../protocols/limits.ts'
import type { RejectionCode } from '../../protocols/rejections.ts'
import { itemsOf, listOf, one, oneOf, pageOf, wire } from '../../protocols/wire.ts'
import { account_documents } from './account_documents.ts'
import type { Documented } from './documented.ts'
import { payment_documents } from './payment_documents.ts'
import { record_documents } from './record_documents.ts'

const page = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_number_max })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_limit_max })),
}
const place = {
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
}
const radius = { radius_km: Type.Optional(Type.Number({ minimum: 0 })) }
const Statuses = oneOf(
  'active',
  'requested',
  'accepted',
  'in_progress',
  'delivered',
  'completed',
  'cancelled',
)
const Location = Type.Object({
  ...place,
  speed_kmh: Type.Optional(Type.Number()),
  heading_degrees: Type.Optional(Type.Number()),
})

const oneBooking = one(wire.Booking)
const oneRunner = one(wire.Runner)
const message = one(wire.Message)
const moves: readonly RejectionCode[] = ['booking.not_found', 'booking.not_yours', 'booking.wrong_status']
const text = Type.String()

// biome-ignore format: a table reads better as one
export const documents: Readonly<Record<string, Documented>> = {
  ...account_documents,
  ...record_documents,
  ...payment_documents,

  'GET /health':                        { about: 'Whether the process lives.', answer: wire.Health },
  'GET /readiness':                     { about: 'Whether every part is up; 503 with the same body while one is not.', answer: wire.Readiness, also: [503, wire.Readiness] },
  'GET /.well-known/jwks.json':         { about: 'The keys that access tokens are verified with.', answer: wire.JwkSet, content_type: 'application/jwk-set+json' },
  'GET /metrics':                      { about: 'The numbers of every thread, for Prometheus. For whoever has METRICS_TOKEN; where none is set, for this machine and trusted addresses, but not through a proxy.', answer: text, content_type: 'text/plain; version=0.0.4; charset=utf-8', refuses: ['auth.missing_token', 'auth.invalid_token'] },
  'GET /docs':                          { about: 'This document for people, in a browser.', answer: text, content_type: 'text/html; charset=utf-8' },
  'GET /docs/openapi.json':             { about: 'This document.', answer: Type.Object({ openapi: text }) },
  'GET /docs/asyncapi.json':            { about: 'The events and sockets, as AsyncAPI 3.', answer: Type.Object({ asyncapi: text }) },
  'GET /docs/start.js':                 { about: 'Starts the page of the documents.', answer: text, content_type: 'text/javascript; charset=utf-8' },
  'GET /docs/swagger-ui-bundle.js':     { about: 'The page of the documents.', answer: text, content_type: 'text/javascript; charset=utf-8' },
  'GET /docs/swagger-ui.css':           { about: 'How the page of the documents looks.', answer: text, content_type: 'text/css; charset=utf-8' },


  'POST /api/v1/runners':               { about: 'Makes the caller’s profile. Name and phone default to the account’s.', answer: oneRunner, optional: ['full_name'], refuses: ['runner.exists'] },
  'GET /api/v1/runners/me':             { about: 'The caller’s profile.', answer: oneRunner, refuses: ['runner.not_found'] },
  'PUT /api/v1/runners/me':             { about: 'Changes the profile; empty or absent leaves a field as it is.', answer: oneRunner, refuses: ['runner.not_found'] },
  'POST /api/v1/runners/me/online':     { about: 'From here on the runner is offered bookings.', answer: message, refuses: ['runner.not_found'] },
  'POST /api/v1/runners/me/offline':    { about: 'The runner is offered nothing more.', answer: message, refuses: ['runner.not_found'] },
  'POST /api/v1/runners/me/location':   { about: 'One position; the runner socket takes many.', answer: message, body: Location, refuses: ['runner.not_found', 'runner.not_online', 'overloaded'] },
  'POST /api/v1/runners/me/crates':     { about: 'Adds a crate.', answer: one(wire.CrateSpec), refuses: ['runner.not_found', 'runner.too_many_crates'] },
  'GET /api/v1/runners/nearby':         { about: 'Runners who are online near a point, nearest first.', answer: listOf(wire.Runner), query: Type.Object({ ...place, ...radius }) },

  'POST /api/v1/bookings':              { about: 'Books a transport.', answer: oneBooking, refuses: ['booking.exists', 'booking.vaccination_expired', 'booking.unfit_animal'] },
  'GET /api/v1/bookings':               { about: 'The caller’s bookings; for runners the open ones too. A runner who gives neither page nor limit is answered `items`.', answer: Type.Union([pageOf(wire.Booking), itemsOf(wire.Booking)]), query: Type.Object({ ...page, status: Type.Optional(Statuses) }) },
  'GET /api/v1/bookings/:id':           { about: 'One booking. Any runner may see an open one.', answer: oneBooking, refuses: ['booking.not_found', 'booking.not_yours'] },
  'GET /api/v1/bookings/:id/runners':   { about: 'Who near the pickup could carry the animal now, the best first, and why each stands where he does.', answer: listOf(wire.RankedRunner), query: Type.Object(radius), refuses: ['booking.not_found', 'booking.not_yours'] },
  'POST /api/v1/bookings/:id/accept':   { about: 'Takes an open booking; of many runners one has it.', answer: oneBooking, refuses: ['booking.not_found', 'booking.lost_race', 'booking.wrong_status', 'booking.runner_refused', 'runner.at_capacity', 'runner.no_crate', 'runner.not_admitted', 'runner.not_certified', 'runner.not_found', 'runner.not_online'] },
  'POST /api/v1/bookings/:id/decline':  { about: 'Gives an accepted booking back.', answer: oneBooking, refuses: ['booking.not_found', 'booking.not_yours', 'booking.not_accepted'] },
  'POST /api/v1/bookings/:id/pickup':   { about: 'The animal is on board.', answer: oneBooking, refuses: moves },
  'POST /api/v1/bookings/:id/deliver':  { about: 'The animal was handed over.', answer: oneBooking, refuses: moves },
  'POST /api/v1/bookings/:id/confirm':  { about: 'The owner confirms the delivery, and what is held is released.', answer: oneBooking, refuses: [...moves, 'booking.payment_open'] },
  'POST /api/v1/bookings/:id/cancel':   { about: 'Ends the booking.', answer: oneBooking, refuses: moves },
  'POST /api/v1/bookings/:id/note':     { about: 'Adds a note for the runner.', answer: oneBooking, refuses: [...moves, 'booking.notes_full'] },

  'POST /api/v1/bookings/:id/rate':     { about: 'The owner rates the runner after completion, once.', answer: oneBooking, refuses: [...moves, 'booking.already_rated'] },
  'POST /api/v1/admin/runners/:id/certify': { about: 'Whether a runner may carry animals that need care.', answer: oneRunner, refuses: ['runner.not_found'] },

  'GET /api/v1/tracking/:id':           { about: 'The trip of a booking with every place.', answer: one(wire.Tracking), refuses: ['trip.not_found', 'booking.not_yours'] },
  'GET /api/v1/tracking/:id/route':     { about: 'The same way as a GeoJSON LineString.', answer: wire.LineString, content_type: 'application/geo+json', refuses: ['trip.not_found', 'booking.not_yours'] },
}
