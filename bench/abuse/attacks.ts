// Attacks that ask for what is not theirs: each try has one right answer.
import { createHmac } from 'node:crypto'
import {
  type Actor,
  actors,
  bodies,
  type Known,
  known,
  nameOf,
  roleOf,
  may as whoMay,
} from '../../gateways/http/authority.given.ts'
import { type Route, routes } from '../../gateways/http/routes.ts'
import { limits } from '../../protocols/limits.ts'
import { type Asked, ask, knockAt } from './asking.ts'
import { type Found, type Scene, stranger, Tally } from './scene.ts'

const isKnown = (actor: Actor): actor is Known => (known as readonly Actor[]).includes(actor)

/** The code of a refusal: of nobody, of a token that is none of ours, of a role, of a stranger to what is asked for. */
function refusalOf(route: Route, actor: Actor): readonly [number, RegExp] {
  if (!isKnown(actor)) return [401, /^auth\./]
  if (!(route.roles as readonly string[]).includes(roleOf(actor))) return [403, /^auth\.role$/]
  return [403, /\.not_yours$/]
}

/** Whom a route of the table refuses, of those who are in the scene. */
function refusedBy(route: Route, may: typeof whoMay, { tokens }: Scene): readonly Actor[] {
  const allowed = may[nameOf(route)]
  if (!allowed || allowed === 'public') return []
  const there = actors.filter((actor) => actor === 'anonymous' || tokens[actor] !== undefined)
  return there.filter((actor) => !(allowed as readonly Actor[]).includes(actor))
}

/** Every route by everybody who may not use it, on things that are somebody's. */
export async function wrongRoles(scene: Scene, may = whoMay): Promise<Found> {
  const tally = new Tally()
  for (const route of routes) {
    const from = stranger()
    for (const actor of refusedBy(route, may, scene)) {
      const [status, code] = refusalOf(route, actor)
      const told = await ask(scene.port, { ...requestFor(route, scene), ...tokenOf(scene, actor), from })
      tally.add(`${actor} ${nameOf(route)}`, told.status, [status])
      if (told.status === status && !code.test(told.code))
        tally.wrong(`${actor} ${nameOf(route)}: ${told.code}`)
    }
  }
  return tally.found
}

const tokenOf = ({ tokens }: Scene, actor: Actor) => {
  const token = tokens[actor]
  return token === undefined ? {} : { token }
}

function requestFor(route: Route, scene: Scene): Asked {
  const bodied = route.method === 'POST' || route.method === 'PUT'
  const body = bodied ? (bodies[nameOf(route)]?.(scene) ?? {}) : undefined
  return { method: route.method, path: scene.at(route), ...(body ? { body } : {}) }
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Made from a good token without our key, and what stands in the key's place. */
function forgeriesOf(good: string, expired: string): Readonly<Record<string, string>> {
  const [head = '', body = '', signature = ''] = good.split('.')
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const admin = base64({ ...claims, role: 'admin' })
  const text = `${base64({ alg: 'HS256', kid })}.${admin}`
  return {
    'alg none': `${base64({ alg: 'none', kid })}.${admin}.`,
    HS256: `${text}.${createHmac('sha256', kid).update(text).digest('base64url')}`,
    'a changed body': `${head}.${admin}.${signature}`,
    'another key': `${base64({ alg: 'EdDSA', kid: 'mine' })}.${body}.${signature}`,
    'no signature': `${head}.${body}.`,
    expired,
    rubbish: 'a.b.c',
    'too long': `${head}.${body}.${'x'.repeat(limits.token_bytes_max)}`,
  }
}

/** Forged and expired tokens at the API and at both sockets. */
export async function forgedTokens(scene: Scene, expired: string): Promise<Found> {
  const tally = new Tally()
  for (const [what, token] of Object.entries(forgeriesOf(scene.tokens.owner, expired))) {
    const from = stranger()
    const path = `/api/v1/bookings/${scene.booking_id}`
    tally.add(what, (await ask(scene.port, { path, token, from })).status, [401])
    for (const socket of ['/ws/runner', `/ws/tracking/${scene.booking_id}`]) {
      const seen = await knockAt(scene.port, `${socket}?token=${token}`, from)
      if (typeof seen !== 'number') seen.terminate()
      tally.add(`${what} at ${socket}`, typeof seen === 'number' ? seen : 101, [401])
    }
  }
  return tally.found
}

/** Bodies, addresses and headers above their bounds, and paths and bodies that are none. */
export async function oversized({ port, tokens, booking_id }: Scene): Promise<Found> {
  const tally = new Tally()
  const token = tokens.owner
  const note = { method: 'POST', path: `/api/v1/bookings/${booking_id}/note`, token }
  const tries: readonly (readonly [string, Asked, readonly number[]])[] = [
    ['a large body', { ...note, body: `{"note":"${'x'.repeat(1_000_000)}"}` }, [413]],
    ['a nested body', { ...note, body: '{"a":'.repeat(20_000) }, [400]],
    ['a body that is no JSON', { ...note, body: '{'.repeat(1_000) }, [400]],
    ['a long text', { ...note, body: { note: 'x'.repeat(100_000) } }, [400]],
    ['a long address', { path: `/health?x=${'y'.repeat(limits.url_bytes_max)}` }, [414]],
    ['wide headers', { path: '/health', headers: { cookie: 'z'.repeat(limits.header_bytes_max) } }, [431]],
    ['a path that climbs', { path: '/docs/../../../etc/passwd' }, [404]],
    ['a prototype', { ...note, body: '{"__proto__":{"note":"x"}}' }, [400]],
    ['an email that is matched for long', registration(`a@${'.'.repeat(200_000)}@`), [400]],
    ['a webhook without a signature', { method: 'POST', path: '/api/v1/payments/webhook', body: {} }, [400]],
  ]
  for (const [what, asked, right] of tries)
    for (const from of [stranger(), stranger()])
      tally.add(what, (await ask(port, { ...asked, from })).status, right)
  return tally.found
}

const registration = (email: string): Asked => ({
  method: 'POST',
  path: '/api/v1/auth/register',
  body: { email, password: 'correct horse', full_name: 'A', role: 'owner' },
})
