// Login and consent of the authorization code flow.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, default as Provider } from 'oidc-provider'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, rejections } from '../../protocols/rejections.ts'
import { logIn } from '../identity/login.ts'
import { addressFor } from './address.ts'
import type { StsDoors } from './claims.ts'
import { readForm } from './form.ts'
import { consentPage, loginPage, page, page_headers } from './pages.ts'

/**
 * Serves `/interaction/:uid`. The browser must hold the interaction's cookie, and a form the token of our page for
 * this very interaction, so no other site can answer for the user. Whatever is not in order is a page with 400.
 */
export async function serveInteraction(
  provider: Provider,
  doors: StsDoors,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(req, res).catch(() => undefined)
  if (!details || req.url !== `/interaction/${details.uid}`)
    return show(res, 400, page('This page is out of date', ['Go back to the app and begin again.']))
  const visit = { provider, doors, req, res, details, csrf: csrfsOf(details, doors) }
  if (req.method === 'GET') return ask(visit)
  if (req.method === 'POST') return take(visit)
  res.setHeader('Allow', 'GET, POST')
  show(res, 405, page('That did not work', []))
}

interface Visit {
  readonly provider: Provider
  readonly doors: StsDoors
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly details: Interaction
  /** Of our page, by each key: the first is in new pages, and a page from before a change of keys is still good. */
  readonly csrf: readonly string[]
}

const csrfsOf = ({ uid, prompt }: Interaction, { keys }: StsDoors): readonly string[] =>
  keys.secret.map(({ d = '' }) =>
    createHmac('sha256', formKey(d)).update(`${uid} ${prompt.name}`).digest('base64url'),
  )

const formKey = (secret: string) => Buffer.from(hkdfSync('sha256', secret, 'kilat', 'forms', 32))

const formOf = ({ details, csrf: [csrf = ''] }: Visit) => ({ uid: details.uid, csrf })

async function ask(visit: Visit): Promise<void> {
  const { provider, res, details } = visit
  const of = formOf(visit)
  if (details.prompt.name === 'login') return show(res, 200, loginPage(of))
  const client = await provider.Client.find(String(details.params.client_id))
  if (client?.first_party === true) return consent(visit)
  const name = client?.clientName ?? client?.clientId ?? ''
  show(res, 200, consentPage(of, name, wantedScopes(details)))
}

async function take(visit: Visit): Promise<void> {
  const { req, res, details, csrf } = visit
  const form = await readForm(req, limits.sts_body_bytes_max)
  const shown = form?.get('csrf') ?? ''
  if (!form || !csrf.some((one) => same(shown, one)))
    return show(res, 400, page('This page is out of date', ['Go back to the app and begin again.']))
  const action = form.get('action')
  if (action === 'abort')
    return finish(visit, { error: 'access_denied', error_description: 'the user said no' })
  if (action === 'consent' && details.prompt.name === 'consent') return consent(visit)
  if (action === 'login' && details.prompt.name === 'login') return login(visit, form)
  show(res, 400, page('That did not work', []))
}

const same = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

async function login(visit: Visit, form: URLSearchParams): Promise<void> {
  const { doors, req, res } = visit
  const email = form.get('email') ?? ''
  const address = addressFor(req, doors)
  const account = await logIn({ email, password: form.get('password') ?? '', address }, doors)
  if (!isRefusal(account)) return finish(visit, { login: { accountId: account.id } })
  tellWait(res, account)
  const { status, title } = rejections[account.rejected]
  show(res, status, loginPage(formOf(visit), email.slice(0, 254), title))
}

function tellWait(res: ServerResponse, { retry_after_ms }: Rejection): void {
  if (retry_after_ms !== undefined) res.setHeader('Retry-After', Math.ceil(retry_after_ms / 1_000))
}

interface Missing {
  readonly missingOIDCScope?: readonly string[]
  readonly missingOIDCClaims?: readonly string[]
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
}

const wantedScopes = ({ prompt }: Interaction): readonly string[] => {
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details as Missing
  return [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])]
}

async function consent(visit: Visit): Promise<void> {
  const { provider, details } = visit
  const { grantId, params, session, prompt } = details
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const of = { accountId: session?.accountId, clientId: String(params.client_id) }
  const grant = known ?? new provider.Grant(of)
  const missing = prompt.details as Missing
  if (missing.missingOIDCScope) grant.addOIDCScope([...missing.missingOIDCScope])
  if (missing.missingOIDCClaims) grant.addOIDCClaims([...missing.missingOIDCClaims])
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    grant.addResourceScope(resource, [...scopes])
  const saved = await grant.save()
  await finish(visit, { consent: known ? {} : { grantId: saved } }, true)
}

const finish = (
  { provider, req, res }: Visit,
  result: Parameters<Provider['interactionFinished']>[2],
  mergeWithLastSubmission = false,
): Promise<void> => provider.interactionFinished(req, res, result, { mergeWithLastSubmission })

function show(res: ServerResponse, status: number, html: string): void {
  res.writeHead(status, page_headers).end(html)
}
