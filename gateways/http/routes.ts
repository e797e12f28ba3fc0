import type { Role } from '../../protocols/actor.ts'
import type { PublicCommandName, QueryName } from '../../protocols/catalogue.ts'
import type { EndpointName, PublicEndpointName } from './endpoints.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Place {
  readonly method: Method
  /** A part that starts with a colon is an id. */
  readonly path: `/${string}`
}

/**
 * A command goes to its actor `at` the path's `:id`, at the caller's own id (`me`), or at a `new` one that is derived
 * from the command. Its schema is the body's. It answers the actor's view unless `answer` says otherwise: the crate
 * that the command added, or an acknowledgement in these words.
 */
export interface Write extends Place {
  readonly roles: readonly Role[]
  readonly command: PublicCommandName
  readonly at: 'id' | 'me' | 'new'
  readonly status?: 201
  readonly answer?: 'crate' | { readonly message: string }
  /** Its body is read off the caller's own booking of the path, and none is taken. */
  readonly copies?: 'booking'
}
/** A query answers what its actor says, and has no body. */
export interface Read extends Place {
  readonly roles: readonly Role[]
  readonly query: QueryName
  readonly at: 'id' | 'me'
}
/** All that is not one message to one actor. */
export interface Other extends Place {
  readonly roles: readonly Role[]
  readonly endpoint: EndpointName
  /** The query that it puts to an actor, and the command that it sends to one. */
  readonly asks?: QueryName
  readonly sends?: PublicCommandName
}
/** Needs no token. */
export interface Open extends Place {
  readonly roles: 'public'
  readonly endpoint: PublicEndpointName
}
export type Route = Write | Read | Other | Open

/** A part that is served alone has these of the whole as well. */
export const of_every_part: readonly string[] = ['/health', '/readiness']
/** Those who look after an engine ask it even when it serves nobody. */
export const of_operations: ReadonlySet<string> = new Set([...of_every_part, '/metrics'])

const all = ['owner', 'runner', 'admin', 'shop'] as const

// biome-ignore format: a table reads better as one
export const routes: readonly Route[] = [
  { method: 'GET',  path: '/health',                        roles: 'public', endpoint: 'health'    },
  { method: 'GET',  path: '/readiness',                     roles: 'public', endpoint: 'readiness' },
  { method: 'GET',  path: '/.well-known/jwks.json',         roles: 'public', endpoint: 'jwks'      },
  { method: 'GET',  path: '/metrics',                       roles: 'public', endpoint: 'metrics'   },
  { method: 'GET',  path: '/docs',                          roles: 'public', endpoint: 'docsPage'  },
  { method: 'GET',  path: '/docs/openapi.json',             roles: 'public', endpoint: 'openApi'   },
  { method: 'GET',  path: '/docs/asyncapi.json',            roles: 'public', endpoint: 'asyncApi'  },
  { method: 'GET',  path: '/docs/start.js',                 roles: 'public', endpoint: 'docsStart' },
  { method: 'GET',  path: '/docs/swagger-ui-bundle.js',     roles: 'public', endpoint: 'docsScript' },
  { method: 'GET',  path: '/docs/swagger-ui.css',           roles: 'public', endpoint: 'docsStyle' },

  { method: 'POST', path: '/api/v1/auth/register',          roles: 'public', endpoint: 'register'  },
  { method: 'POST', path: '/api/v1/auth/login',             roles: 'public', endpoint: 'login'     },
  { method: 'POST', path: '/api/v1/auth/refresh',           roles: 'public', endpoint: 'refresh'   },
  { method: 'POST', path: '/api/v1/auth/logout',            roles: all,      endpoint: 'logout'        },
  { method: 'GET',  path: '/api/v1/auth/profile',           roles: all,      endpoint: 'profile'       },
  { method: 'PUT',  path: '/api/v1/auth/profile',           roles: all,      endpoint: 'updateProfile' },
  { method: 'POST', path: '/api/v1/auth/forgot-password',   roles: 'public', endpoint: 'forgotPassword' },
  { method: 'POST', path: '/api/v1/auth/reset-password',    roles: 'public', endpoint: 'resetPassword' },

  { method: 'POST', path: '/bff/login',                     roles: 'public', endpoint: 'browserLogin'   },
  { method: 'GET',  path: '/bff/session',                   roles: 'public', endpoint: 'browserSession' },
  { method: 'POST', path: '/bff/logout',                    roles: 'public', endpoint: 'browserLogout'  },

  { method: 'GET',  path: '/api/v1/admin/users',            roles: ['admin'], endpoint: 'users'     },
  { method: 'GET',  path: '/api/v1/admin/users/:id',        roles: ['admin'], endpoint: 'user'      },
  { method: 'POST', path: '/api/v1/admin/users/:id/ban',    roles: ['admin'], endpoint: 'ban'       },
  { method: 'GET',  path: '/api/v1/admin/stats/users',      roles: ['admin'], endpoint: 'userStats' },
  { method: 'POST', path: '/api/v1/admin/digests',          roles: ['admin'], endpoint: 'digests'   },

  { method: 'POST', path: '/api/v1/runners',                roles: ['runner'], command: 'runner.register',   at: 'me', status: 201 },
  { method: 'GET',  path: '/api/v1/runners/me',             roles: ['runner'], query:   'runner.view',       at: 'me' },
  { method: 'PUT',  path: '/api/v1/runners/me',             roles: ['runner'], command: 'runner.update',     at: 'me' },
  { method: 'POST', path: '/api/v1/runners/me/online',      roles: ['runner'], command: 'runner.go_online',  at: 'me', answer: { message: 'runner is online' } },
  { method: 'POST', path: '/api/v1/runners/me/offline',     roles: ['runner'], command: 'runner.go_offline', at: 'me', answer: { message: 'runner is offline' } },
  { method: 'POST', path: '/api/v1/runners/me/location',    roles: ['runner'], endpoint: 'location' },
  { method: 'POST', path: '/api/v1/runners/me/crates',      roles: ['runner'], command: 'runner.add_crate',  at: 'me', status: 201, answer: 'crate' },
  { method: 'GET',  path: '/api/v1/runners/nearby',         roles: all,        endpoint: 'nearby' },

  { method: 'POST', path: '/api/v1/bookings',               roles: ['owner'],                    command: 'booking.request', at: 'new', status: 201 },
  { method: 'GET',  path: '/api/v1/bookings',               roles: all,                          endpoint: 'bookings' },
  { method: 'GET',  path: '/api/v1/bookings/:id',           roles: all,                          query:   'booking.view',    at: 'id' },
  { method: 'GET',  path: '/api/v1/bookings/:id/runners',   roles: ['owner', 'admin'],           endpoint: 'bookingRunners', asks: 'booking.search' },
  { method: 'POST', path: '/api/v1/bookings/:id/accept',    roles: ['runner'],                   command: 'booking.accept',  at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/decline',   roles: ['runner'],                   command: 'booking.decline', at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/pickup',    roles: ['runner'],                   command: 'booking.pick_up', at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/deliver',   roles: ['runner'],                   command: 'booking.deliver', at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/confirm',   roles: ['owner'],                    command: 'booking.confirm', at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/cancel',    roles: ['owner', 'runner', 'admin'], command: 'booking.cancel',  at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/rate',      roles: ['owner'],                    command: 'booking.rate',    at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/note',      roles: ['owner'],                    command: 'booking.note',    at: 'id' },

  { method: 'POST', path: '/api/v1/admin/runners/:id/certify', roles: ['admin'], command: 'runner.certify', at: 'id' },
  { method: 'POST', path: '/api/v1/bookings/:id/rebook',    roles: ['owner'],                    command: 'booking.request', at: 'new', status: 201, copies: 'booking' },
  { method: 'GET',  path: '/api/v1/bookings/:id/history',   roles: ['owner', 'runner', 'admin'], endpoint: 'bookingHistory' },
  { method: 'GET',  path: '/api/v1/bookings/:id/tracking',  roles: ['owner', 'runner', 'admin'], endpoint: 'bookingTracking' },
  { method: 'POST', path: '/api/v1/bookings/:id/photo',     roles: ['runner'],                   endpoint: 'addPhoto' },
  { method: 'GET',  path: '/api/v1/bookings/:id/photos',    roles: ['owner', 'runner', 'admin'], endpoint: 'photos' },
  { method: 'GET',  path: '/api/v1/admin/bookings',         roles: ['admin'],                    endpoint: 'adminBookings' },
  { method: 'GET',  path: '/api/v1/admin/stats/bookings',   roles: ['admin'],                    endpoint: 'bookingStats' },

  { method: 'GET',    path: '/api/v1/users/me/pets',        roles: ['owner'], endpoint: 'pets' },
  { method: 'POST',   path: '/api/v1/users/me/pets',        roles: ['owner'], endpoint: 'createPet' },
  { method: 'GET',    path: '/api/v1/pets',                 roles: ['owner'], endpoint: 'pets' },
  { method: 'POST',   path: '/api/v1/pets',                 roles: ['owner'], endpoint: 'createPet' },
  { method: 'GET',    path: '/api/v1/pets/:id',             roles: ['owner'], endpoint: 'pet' },
  { method: 'PUT',    path: '/api/v1/pets/:id',             roles: ['owner'], endpoint: 'updatePet' },
  { method: 'DELETE', path: '/api/v1/pets/:id',             roles: ['owner'], endpoint: 'archivePet' },

  { method: 'GET',    path: '/api/v1/petshops',             roles: all,      endpoint: 'shops' },
  { method: 'GET',    path: '/api/v1/petshops/nearby',      roles: all,      endpoint: 'shopsNearby' },
  { method: 'GET',    path: '/api/v1/petshops/mine',        roles: ['shop'], endpoint: 'myShops' },
  { method: 'GET',    path: '/api/v1/petshops/:id',         roles: all,      endpoint: 'shop' },
  { method: 'POST',   path: '/api/v1/petshops',             roles: ['shop'], endpoint: 'createShop' },
  { method: 'PUT',    path: '/api/v1/petshops/:id',         roles: ['shop'], endpoint: 'updateShop' },
  { method: 'DELETE', path: '/api/v1/petshops/:id',         roles: ['shop'], endpoint: 'removeShop' },

  { method: 'POST',   path: '/api/v1/chat/:id/messages',         roles: ['owner', 'runner', 'admin'], endpoint: 'sendChat' },
  { method: 'GET',    path: '/api/v1/chat/:id/messages',         roles: ['owner', 'runner', 'admin'], endpoint: 'chat' },
  { method: 'POST',   path: '/api/v1/tracking/:id/share',        roles: ['owner', 'runner', 'admin'], endpoint: 'shareTrip' },
  { method: 'DELETE', path: '/api/v1/tracking/:id/share',        roles: ['owner', 'runner', 'admin'], endpoint: 'unshareTrip' },
  { method: 'GET',    path: '/api/v1/tracking/shared/:token',    roles: 'public',                     endpoint: 'sharedTrip' },

  { method: 'GET',    path: '/api/v1/notifications',                roles: all, endpoint: 'notifications' },
  { method: 'GET',    path: '/api/v1/notifications/preferences',    roles: all, endpoint: 'preferences' },
  { method: 'PUT',    path: '/api/v1/notifications/preferences',    roles: all, endpoint: 'updatePreferences' },
  { method: 'POST',   path: '/api/v1/notifications/fcm-token',      roles: all, endpoint: 'addFcmToken' },
  { method: 'POST',   path: '/api/v1/notifications/device-tokens',  roles: all, endpoint: 'addDevice' },
  { method: 'GET',    path: '/api/v1/notifications/vapid-key',      roles: all, endpoint: 'vapidKey' },
  { method: 'GET',    path: '/api/v1/notifications/:id',            roles: all, endpoint: 'notification' },
  { method: 'PUT',    path: '/api/v1/notifications/:id/read',       roles: all, endpoint: 'readNotification' },
  { method: 'POST',   path: '/api/v1/notifications/:id/read',       roles: all, endpoint: 'readNotification' },

  { method: 'POST',   path: '/api/v1/promos',                       roles: ['admin'], endpoint: 'createPromo' },
  { method: 'POST',   path: '/api/v1/promos/validate',              roles: all,       endpoint: 'validatePromo' },
  { method: 'GET',    path: '/api/v1/promos/active',                roles: all,       endpoint: 'activePromos' },
  { method: 'GET',    path: '/api/v1/admin/promos',                 roles: ['admin'], endpoint: 'activePromos' },
  { method: 'GET',    path: '/api/v1/subscriptions/plans',          roles: 'public',  endpoint: 'plans' },
  { method: 'POST',   path: '/api/v1/subscriptions',                roles: all,       endpoint: 'subscribe' },
  { method: 'GET',    path: '/api/v1/subscriptions/me',             roles: all,       endpoint: 'subscription' },
  { method: 'POST',   path: '/api/v1/subscriptions/me/cancel',      roles: all,       endpoint: 'cancelSubscription' },
  { method: 'GET',    path: '/api/v1/referrals/me',                 roles: all,       endpoint: 'referrals' },
  { method: 'GET',    path: '/api/v1/referrals/code',               roles: all,       endpoint: 'referralCode' },
  { method: 'POST',   path: '/api/v1/runners/apply',                roles: 'public',  endpoint: 'apply' },
  { method: 'POST', path: '/api/v1/payments/initiate',      roles: ['owner'],  endpoint: 'initiatePayment', sends: 'booking.pay' },
  { method: 'POST', path: '/api/v1/payments/webhook',       roles: 'public',   endpoint: 'paymentWebhook' },
  { method: 'GET',  path: '/api/v1/payments',               roles: ['runner'], endpoint: 'payments' },
  { method: 'GET',  path: '/api/v1/payments/:id',           roles: all,        query: 'payment.view',     at: 'id' },
  { method: 'GET',  path: '/api/v1/payments/booking/:id',   roles: all,        query: 'payment.view',     at: 'id' },
  { method: 'POST', path: '/api/v1/payments/:id/refund',    roles: ['admin'],  command: 'payment.refund', at: 'id' },
  { method: 'GET',  path: '/payments/done',                 roles: 'public',   endpoint: 'paymentDone' },

  { method: 'GET',  path: '/api/v1/tracking/:id',           roles: all, endpoint: 'tracking', asks: 'trip.view' },
  { method: 'GET',  path: '/api/v1/tracking/:id/route',     roles: all, endpoint: 'trackingRoute' },
]
