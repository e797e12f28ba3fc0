import { accountEndpoints, openAccountEndpoints } from '../identity/endpoints.ts'
import { bookingEndpoints } from './bookings.ts'
import type { Endpoint, PublicEndpoint } from './request.ts'
import { runnerEndpoints } from './runners.ts'
import { statusEndpoints } from './status.ts'
import { trackingEndpoints } from './tracking.ts'

/** What routes name when they need no token. */
export const public_endpoints = { ...statusEndpoints, ...openAccountEndpoints } satisfies Record<
  string,
  PublicEndpoint
>
/** What routes name when they are not one message to one actor. */
export const endpoints = {
  ...accountEndpoints,
  ...bookingEndpoints,
  ...runnerEndpoints,
  ...trackingEndpoints,
} satisfies Record<string, Endpoint>

export type PublicEndpointName = keyof typeof public_endpoints
export type EndpointName = keyof typeof endpoints
