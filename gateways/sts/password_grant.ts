// How the front of browsers turns a login into tokens. Nobody else may: a password belongs on our own pages.
import { errors, type default as Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import { isRefusal } from '../../protocols/rejections.ts'
import { logIn } from '../identity/login.ts'
import { api_resource, api_server, type StsDoors } from './claims.ts'
import { bff_client_id, password_grant } from './clients.ts'

interface PasswordParameters {
  readonly email?: string
  readonly password?: string
  /** Where the browser is, as the front saw it. */
  readonly address?: string
}
type Context = TokenEndpointGrantContext<PasswordParameters & Record<string, unknown>>

const scope = 'openid profile email phone offline_access api'

/** Registers the grant. What it is refused with is the rejection's code as `error`. */
export function servePasswordGrant(provider: Provider, doors: StsDoors): void {
  const handler = async (ctx: Context) => {
    const { client, params } = ctx.oidc
    if (client.clientId !== bff_client_id)
      throw new errors.UnauthorizedClient('the grant is not for this client')
    const { email = '', password = '', address = '' } = params
    const account = await logIn({ email, password, address }, doors)
    if (isRefusal(account)) {
      if (account.retry_after_ms !== undefined)
        ctx.set('Retry-After', String(Math.ceil(account.retry_after_ms / 1_000)))
      throw new errors.CustomOIDCProviderError(account.rejected, account.detail)
    }
    ctx.body = await tokensFor(provider, ctx, account.id)
  }
  provider.registerGrantType(password_grant, handler, ['email', 'password', 'address'])
}

async function tokensFor(provider: Provider, ctx: Context, accountId: string): Promise<object> {
  const { client } = ctx.oidc
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(scope)
  grant.addResourceScope(api_resource, scope)
  const grantId = await grant.save()
  const of = { accountId, client, grantId, gty: password_grant, scope }
  const access = new provider.AccessToken(of)
  access.resourceServer = new provider.ResourceServer(api_resource, api_server)
  ctx.oidc.entity('AccessToken', access)
  const refresh = new provider.RefreshToken({ ...of, resource: api_resource, expiresWithSession: false })
  ctx.oidc.entity('RefreshToken', refresh)
  return {
    access_token: await access.save(),
    refresh_token: await refresh.save(),
    expires_in: access.expiration,
    token_type: 'Bearer',
    scope,
  }
}
