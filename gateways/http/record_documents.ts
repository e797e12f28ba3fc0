/** The rows of `documents.ts` about the records beside bookings. */
import { Type } from 'typebox'
import { limits } from '../../protocols/limits.ts'
import type { RejectionCode } from '../../protocols/rejections.ts'
import { listOf, one, oneOf, pageOf, wire } from '../../protocols/wire.ts'
import { wire_records as records } from '../../protocols/wire_records.ts'
import type { Documented } from './documented.ts'
import { shapes } from './shapes.ts'

const page = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_number_max })),
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
}
const Page = Type.Object(page)
const Statuses = oneOf(
  'active',
  'requested',
  'accepted',
  'in_progress',
  'delivered',
  'completed',
  'cancelled',
)
const Near = Type.Object({
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  radius_km: Type.Optional(Type.Number({ minimum: 0 })),
})
const Notices = Type.Union([
  pageOf(records.Notification),
  one(Type.Object({ items: Type.Array(records.ShortNotification), next_cursor: Type.String() })),
])

const message = one(wire.Message)
const ofBooking: readonly RejectionCode[] = ['booking.not_found', 'booking.not_yours']
const ofPet: readonly RejectionCode[] = ['pet.not_found', 'pet.not_yours']
const ofShop: readonly RejectionCode[] = ['shop.not_found', 'shop.not_yours']
const ofNotice: readonly RejectionCode[] = ['notification.not_found', 'notification.not_yours']
const newPet = {
  answer: one(records.Pet),
  status: 201,
  body: shapes.createPet,
  refuses: ['pet.too_many'],
} as const

// biome-ignore format: a table reads better as one
export const record_documents: Readonly<Record<string, Documented>> = {
  'POST /api/v1/bookings/:id/rebook':   { about: 'Books the same again, priced anew.', answer: one(wire.Booking), refuses: [...ofBooking, 'booking.exists', 'booking.vaccination_expired', 'booking.unfit_animal'] },
  'GET /api/v1/bookings/:id/history':   { about: 'Every change of its status: who, when, why and the frame.', answer: listOf(records.StatusChange), refuses: ofBooking },
  'GET /api/v1/bookings/:id/tracking':  { about: 'The places of the present trip, each flat with its booking and runner.', answer: listOf(records.Position), refuses: [...ofBooking, 'trip.not_found'] },
  'POST /api/v1/bookings/:id/photo':    { about: 'The runner adds a photo by its URL.', answer: one(records.Photo), status: 201, body: shapes.addPhoto, refuses: [...ofBooking, 'photo.too_many'] },
  'GET /api/v1/bookings/:id/photos':    { about: 'The photos, oldest first.', answer: listOf(records.Photo), refuses: ofBooking },
  'GET /api/v1/admin/bookings':         { about: 'Everybody’s bookings.', answer: pageOf(wire.Booking), query: Type.Object({ ...page, status: Type.Optional(Statuses) }) },
  'GET /api/v1/admin/stats/bookings':   { about: 'How many bookings there are, by status.', answer: one(records.BookingStats) },

  'GET /api/v1/users/me/pets':          { about: 'The caller’s pets, newest first.', answer: listOf(records.Pet) },
  'POST /api/v1/users/me/pets':         { about: 'Adds a pet.', ...newPet },
  'GET /api/v1/pets':                   { about: 'The caller’s pets, newest first.', answer: listOf(records.Pet) },
  'POST /api/v1/pets':                  { about: 'Adds a pet.', ...newPet },
  'GET /api/v1/pets/:id':               { about: 'One of the caller’s pets.', answer: one(records.Pet), refuses: ofPet },
  'PUT /api/v1/pets/:id':               { about: 'Changes a pet; empty and zero leave a field as it is.', answer: one(records.Pet), body: shapes.updatePet, refuses: [...ofPet, 'pet.changed'] },
  'DELETE /api/v1/pets/:id':            { about: 'Archives a pet.', answer: message, refuses: ofPet },

  'GET /api/v1/petshops':               { about: 'Pet shops, the best rated first.', answer: listOf(records.PetShop), query: Type.Object({ category: Type.Optional(Type.String()) }) },
  'GET /api/v1/petshops/nearby':        { about: 'Pet shops near a point, nearest first.', answer: listOf(records.PetShop), query: Near },
  'GET /api/v1/petshops/mine':          { about: 'The caller’s pet shops.', answer: listOf(records.PetShop) },
  'GET /api/v1/petshops/:id':           { about: 'One pet shop.', answer: one(records.PetShop), refuses: ['shop.not_found'] },
  'POST /api/v1/petshops':              { about: 'Adds a pet shop.', answer: one(records.PetShop), status: 201, body: shapes.createShop, refuses: ['shop.too_many'] },
  'PUT /api/v1/petshops/:id':           { about: 'Changes a pet shop; what is not said stays.', answer: one(records.PetShop), body: shapes.updateShop, refuses: ofShop },
  'DELETE /api/v1/petshops/:id':        { about: 'Removes a pet shop.', answer: message, refuses: ofShop },

  'POST /api/v1/chat/:id/messages':     { about: 'Says something to the other party of a booking.', answer: one(records.ChatMessage), status: 201, body: shapes.sendChat, refuses: [...ofBooking, 'chat.full'] },
  'GET /api/v1/chat/:id/messages':      { about: 'What was said, oldest first.', answer: pageOf(records.ChatMessage), query: Page, refuses: ofBooking },
  'POST /api/v1/tracking/:id/share':    { about: 'Makes a link to the trip for people without an account.', answer: one(records.SharedLink), status: 201, refuses: [...ofBooking, 'share.too_many'] },
  'DELETE /api/v1/tracking/:id/share':  { about: 'Ends the links that the caller made, the owner those of everybody.', answer: message, refuses: ofBooking },
  'GET /api/v1/tracking/shared/:token': { about: 'The trip behind a link.', answer: one(records.SharedTrip), refuses: ['share.not_found', 'overloaded', 'deadline', 'moved', 'actor.quarantined', 'command.poisoned'] },

  'GET /api/v1/notifications':          { about: 'The caller’s inbox, newest first: an array with `page`, else items with the cursor of what follows.', answer: Notices, query: Type.Object({ ...page, cursor: Type.Optional(Type.String()) }) },
  'GET /api/v1/notifications/preferences': { about: 'What the caller wants to be told, and how.', answer: one(records.Preferences) },
  'PUT /api/v1/notifications/preferences': { about: 'Changes that.', answer: message, body: shapes.updatePreferences },
  'POST /api/v1/notifications/fcm-token': { about: 'Registers a phone for pushes.', answer: message, body: shapes.fcmToken },
  'POST /api/v1/notifications/device-tokens': { about: 'Registers a phone, or a browser’s subscription.', answer: message, body: shapes.deviceToken, refuses: ['device.refused'] },
  'GET /api/v1/notifications/vapid-key': { about: 'The key that a browser subscribes with.', answer: one(Type.Object({ public_key: Type.String() })) },
  'GET /api/v1/notifications/:id':      { about: 'One notice.', answer: one(records.Notification), refuses: ofNotice },
  'PUT /api/v1/notifications/:id/read': { about: 'Marks a notice as read.', answer: message, refuses: ofNotice },
  'POST /api/v1/notifications/:id/read': { about: 'Marks a notice as read.', answer: message, refuses: ofNotice },

  'POST /api/v1/promos':                { about: 'Makes a promo code.', answer: one(records.Promo), status: 201, body: shapes.createPromo, refuses: ['promo.exists'] },
  'POST /api/v1/promos/validate':       { about: 'What a code would take off an amount, or why nothing.', answer: one(records.Discount), body: shapes.validatePromo },
  'GET /api/v1/promos/active':          { about: 'The promo codes that are valid now.', answer: listOf(records.Promo) },
  'GET /api/v1/admin/promos':           { about: 'The promo codes that are valid now.', answer: listOf(records.Promo) },
  'GET /api/v1/subscriptions/plans':    { about: 'The plans that one may subscribe to.', answer: listOf(records.Plan) },
  'POST /api/v1/subscriptions':         { about: 'Subscribes to a plan.', answer: one(records.Subscription), status: 201, body: shapes.subscribe, refuses: ['subscription.exists'] },
  'GET /api/v1/subscriptions/me':       { about: 'The caller’s newest subscription.', answer: one(records.Subscription), refuses: ['subscription.not_found'] },
  'POST /api/v1/subscriptions/me/cancel': { about: 'Ends the caller’s subscription.', answer: one(records.Subscription), refuses: ['subscription.not_found'] },
  'GET /api/v1/referrals/me':           { about: 'Who came through the caller.', answer: one(records.Referrals) },
  'GET /api/v1/referrals/code':         { about: 'The caller’s referral code.', answer: one(Type.Object({ referral_code: Type.String() })) },
  'POST /api/v1/runners/apply':         { about: 'Applies to become a runner.', answer: one(Type.Object({ applicationId: Type.String() })), status: 201, body: shapes.apply, refuses: ['application.exists'] },
}
