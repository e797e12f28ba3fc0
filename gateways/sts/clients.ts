import type { ClientMetadata } from 'oidc-provider'
import { limits } from '../../protocols/limits.ts'

/** The front of browsers on the main port: the one client that may send passwords. */
export const bff_client_id = 'kilat-bff'
export const password_grant = 'urn:kilat:params:oauth:grant-type:password'

/**
 * The clients of STS_CLIENTS and our own. The provider checks each field; here only what it cannot know: that it is
 * a list, not too long, and that nobody takes our name or our grant. Throws without naming any value.
 */
export function clientsOf(json: string | undefined, bff_secret: string): readonly ClientMetadata[] {
  const listed = json === undefined ? [] : parsed(json)
  if (!Array.isArray(listed) || listed.length > limits.sts_clients_max)
    throw new Error(`STS_CLIENTS must be a list of at most ${limits.sts_clients_max} clients`)
  for (const [index, client] of (listed as readonly unknown[]).entries()) {
    const { client_id, grant_types } = (client ?? {}) as Partial<ClientMetadata>
    if (typeof client_id !== 'string' || client_id === bff_client_id || grant_types?.includes(password_grant))
      throw new Error(`STS_CLIENTS: client ${index + 1} has no name of its own, or asks for a grant of ours`)
  }
  return [...(listed as readonly ClientMetadata[]), bffClient(bff_secret)]
}

/** How the front shows who it is. */
export const frontAuthorization = (secret: string): string =>
  `Basic ${Buffer.from(`${bff_client_id}:${secret}`).toString('base64')}`

const bffClient = (client_secret: string): ClientMetadata => ({
  client_id: bff_client_id,
  client_secret,
  client_name: 'Kilat',
  grant_types: [password_grant, 'refresh_token'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
})

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new Error('STS_CLIENTS is not JSON')
  }
}
