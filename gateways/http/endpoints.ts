import { browserEndpoints } from '../bff/endpoints.ts'
import { adminEndpoints } from '../identity/admin.ts'
import { accountEndpoints, openAccountEndpoints } from '../identity/endpoints.ts'
import { recoveryEndpoints } from '../identity/recovery.ts'
import { auditEndpoints } from './audit.ts'
import { bookingEndpoints } from './bookings.ts'
import { chatEndpoints } from './chat.ts'
import { digestEndpoints } from './digests.ts'
import { docsEndpoints } from './docs.ts'
import { openNewcomerEndpoints, referralEndpoints } from './newcomers.ts'
import { notificationEndpoints } from './notifications.ts'
import { openPaymentEndpoints, paymentEndpoints } from './payments.ts'
import { petEndpoints } from './pets.ts'
import { photoEndpoints } from './photos.ts'
import { preferenceEndpoints } from './preferences.ts'
import { promoEndpoints } from './promos.ts'
import type { Endpoint, PublicEndpoint } from './request.ts'
import { runnerEndpoints } from './runners.ts'
import { openShareEndpoints, shareEndpoints } from './shares.ts'
import { shopEndpoints } from './shops.ts'
import { statusEndpoints } from './status.ts'
import { openSubscriptionEndpoints, subscriptionEndpoints } from './subscriptions.ts'
import { trackingEndpoints } from './tracking.ts'

/** What routes name when they need no token. */
export const public_endpoints = {
  ...statusEndpoints,
  ...openShareEndpoints,
  ...openSubscriptionEndpoints,
  ...openNewcomerEndpoints,
  ...recoveryEndpoints,
  ...browserEndpoints,
  ...docsEndpoints,
  ...openAccountEndpoints,
  ...openPaymentEndpoints,
} satisfies Record<string, PublicEndpoint>
/** What routes name when they are not one message to one actor. */
export const endpoints = {
  ...accountEndpoints,
  ...auditEndpoints,
  ...adminEndpoints,
  ...bookingEndpoints,
  ...digestEndpoints,
  ...chatEndpoints,
  ...notificationEndpoints,
  ...petEndpoints,
  ...photoEndpoints,
  ...preferenceEndpoints,
  ...promoEndpoints,
  ...referralEndpoints,
  ...paymentEndpoints,
  ...runnerEndpoints,
  ...shareEndpoints,
  ...shopEndpoints,
  ...subscriptionEndpoints,
  ...trackingEndpoints,
} satisfies Record<string, Endpoint>

export type PublicEndpointName = keyof typeof public_endpoints
export type EndpointName = keyof typeof endpoints
