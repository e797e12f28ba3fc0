import { bare } from './reply.ts'
import type { PublicEndpoint } from './request.ts'

const service = 'kilat-dispatch'

export const statusEndpoints = {
  health: async () => bare({ status: 'healthy', service }),

  readiness: async (_request, doors) => {
    const { ready, checks } = doors.readiness()
    return bare({ status: ready ? 'ready' : 'not_ready', service, checks }, undefined, ready ? 200 : 503)
  },

  jwks: async (_request, doors) => bare(doors.keys.jwks, 'application/jwk-set+json'),
} satisfies Record<string, PublicEndpoint>
