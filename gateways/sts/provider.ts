// OpenID Connect and OAuth 2.0 by oidc-provider: which parts of it we offer, and what is in its tokens.
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '../../protocols/accounts.ts'
import { limits } from '../../protocols/limits.ts'
import { adapterOf } from './adapter.ts'
import {
  api_resource,
  api_server,
  apiClaims,
  claimsOf,
  livingAccount,
  offered_scopes,
  type StsDoors,
} from './claims.ts'
import { bff_client_id, clientsOf } from './clients.ts'
import { page, page_headers } from './pages.ts'
import { servePasswordGrant } from './password_grant.ts'
import { serveSignedTokens } from './signed_tokens.ts'

/** A provider with the present keys; one is made anew whenever they change, since all that it remembers is in the grants. Throws when a client is malformed. */
export function openProvider(doors: StsDoors): Provider {
  const { config, env } = doors
  const provider = new Provider(config.sts_issuer, {
    ...tokens(doors),
    ...faces,
    adapter: (model) => adapterOf(model, doors.grants, env),
    clients: clientsOf(config.sts_clients, doors.bff_secret),
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    clientBasedCORS: (_ctx, origin) => config.allowed_origins.includes(origin),
    findAccount: (_ctx, id) => accountOf(id, doors.accounts),
    jwks: { keys: [...doors.keys.secret] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: mayIntrospect },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api_resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => api_server,
      },
    },
  })
  provider.proxy = config.sts_issuer.startsWith('https:')
  provider.on('server_error', (_ctx, error) =>
    env.log('error', 'the token service met a fault', { error: error.stack ?? error.message }),
  )
  serveSignedTokens(provider, doors)
  servePasswordGrant(provider, doors)
  return provider
}

/** What is in the tokens, and how long each lives. */
const tokens = ({ accounts }: StsDoors): Configuration => ({
  scopes: offered_scopes,
  claims: {
    openid: ['sub'],
    profile: ['name', 'picture', 'role'],
    email: ['email', 'email_verified'],
    phone: ['phone_number'],
  },
  extraTokenClaims: (_ctx, token) => apiClaims(token, accounts),
  // A public client's refresh token changes with each use. The front of browsers keeps its own to itself.
  rotateRefreshToken: (ctx) => ctx.oidc.client?.clientId !== bff_client_id,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: {
    AccessToken: limits.access_token_seconds,
    AuthorizationCode: limits.sts_code_seconds,
    ClientCredentials: limits.access_token_seconds,
    IdToken: limits.access_token_seconds,
    Interaction: limits.sts_interaction_seconds,
    RefreshToken: limits.refresh_token_seconds,
    Grant: limits.sts_session_seconds,
    Session: limits.sts_session_seconds,
  },
})

/** Pages and cookies. */
const faces: Configuration = {
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  routes: { jwks: '/.well-known/jwks.json' },
  // Their ids are random and long enough: a signature would only end them when the key that made it retires.
  cookies: {
    long: { signed: false, httpOnly: true, sameSite: 'lax' },
    short: { signed: false, httpOnly: true, sameSite: 'lax' },
  },
  extraClientMetadata: { properties: ['first_party'] },
  renderError: (ctx, { error, error_description = '' }) => {
    show(ctx, page('That did not work', [error, error_description]))
  },
}

async function accountOf(id: string, accounts: Accounts) {
  const account = await livingAccount(id, accounts)
  return account && { accountId: id, claims: async () => claimsOf(account) }
}

/** A confidential client may look at any token of ours, as a service that is called with one must; any other at its own. */
const mayIntrospect: NonNullable<
  NonNullable<NonNullable<Configuration['features']>['introspection']>['allowedPolicy']
> = (_ctx, client, token) => client.clientAuthMethod !== 'none' || token.clientId === client.clientId

function logoutSource(ctx: KoaContextWithOIDC, form: string): void {
  const yes =
    '<button autofocus type="submit" form="op.logoutForm" value="yes" name="logout">Log out</button>'
  const no = '<button type="submit" form="op.logoutForm">Stay</button>'
  show(ctx, page('Log out of Kilat?', [], { html: form + yes + no }))
}

function postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
  show(ctx, page('You are logged out', []))
}

function show(ctx: KoaContextWithOIDC, html: string): void {
  ctx.set(page_headers)
  ctx.body = html
}
