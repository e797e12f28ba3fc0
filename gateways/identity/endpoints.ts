import { randomUUID } from 'node:crypto'
import { type Static, Type } from 'typebox'
import type { Account } from '../../protocols/accounts.ts'
import { checkOf } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { devices } from '../../protocols/notice_tables.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { addFirstPet } from '../http/pets.ts'
import { acknowledged, created, ok, type Reply } from '../http/reply.ts'
import type { Endpoint, HttpDoors, PublicEndpoint } from '../http/request.ts'
import { email_shape, emailOf, logIn } from './login.ts'
import { hashPassword } from './passwords.ts'
import { accessToken, freshRefresh, refreshHash } from './tokens.ts'
import { userOf } from './user.ts'

const Password = Type.String({ maxLength: limits.password_length_max })
const phone = /^(\+?\d{7,15})?$/
export const accountBodies = {
  register: Type.Object({
    email: Type.String({ maxLength: 254, pattern: email_shape.source }),
    password: Type.String({ minLength: limits.password_length_min, maxLength: limits.password_length_max }),
    full_name: Type.String({ minLength: 1, maxLength: 255 }),
    role: Type.Union([
      Type.Literal('owner'),
      Type.Literal('runner'),
      Type.Literal('shop'),
      Type.Literal('admin'),
    ]),
    phone: Type.String({ default: '', pattern: phone.source }),
    /** One app names the owner's pet at once; what describes none is passed over. */
    first_pet: Type.Optional(Type.Unknown()),
  }),
  login: Type.Object({ email: Type.String({ minLength: 1, maxLength: 254 }), password: Password }),
  refresh: Type.Object({ refresh_token: Type.String({ minLength: 1, maxLength: 4_096 }) }),
  profile: Type.Object({
    full_name: Type.String({ default: '', maxLength: 255 }),
    phone: Type.String({ default: '', maxLength: 20 }),
    avatar_url: Type.String({ default: '', maxLength: 2_000 }),
  }),
}
type Shape = keyof typeof accountBodies
const check = checkOf(accountBodies, 'account request')
const checked = <Name extends Shape>(name: Name, body: object) =>
  check(name, body) as Static<(typeof accountBodies)[Name]> | Rejection

export const openAccountEndpoints = {
  /** An account for anybody but an admin. `account.email_taken`, `request.malformed`, `auth.role`. */
  register: async ({ body }, doors) => {
    const wanted = checked('register', withEmail(body))
    if (isRefusal(wanted)) return wanted
    if (wanted.role === 'admin') return reject('auth.role', 'nobody can make himself an admin')
    const password_hash = await hashPassword(wanted.password)
    if (typeof password_hash !== 'string') return password_hash
    const account: Account = {
      id: doors.env.uuid(),
      email: wanted.email,
      phone: wanted.phone,
      full_name: wanted.full_name,
      role: wanted.role,
      is_verified: false,
      avatar_url: '',
      password_hash,
      version: 1,
      created_ms: doors.env.now_ms(),
    }
    if (!(await doors.accounts.create(account))) return reject('account.email_taken', '')
    if (account.role === 'owner') await addFirstPet(doors, account.id, wanted.first_pet)
    return created(await session(account, doors))
  },

  /** What `logIn` refuses with, and `request.malformed`. */
  login: async ({ body, address }, doors) => {
    const given = checked('login', withEmail(body))
    if (isRefusal(given)) return given
    const account = await logIn({ ...given, address }, doors)
    return isRefusal(account) ? account : ok(await session(account, doors))
  },

  /** Spends a refresh token for the next one. Reuse after the grace ends every token of that login. */
  refresh: async ({ body }, doors) => {
    const given = checked('refresh', body)
    if (isRefusal(given)) return given
    const now_ms = doors.env.now_ms()
    const next = freshRefresh(now_ms)
    const { token, ...stored } = next
    const hash = refreshHash(given.refresh_token)
    const rotation = await doors.accounts.rotateRefresh(hash, stored, now_ms, limits.refresh_grace_ms)
    if ('account' in rotation) return ok(await authResult(rotation.account, token, doors))
    if (rotation.outcome === 'reused')
      doors.env.log('warn', 'a spent refresh token came again: its family is revoked')
    return refresh_refusals[rotation.outcome]
  },
} satisfies Record<string, PublicEndpoint>

const refresh_refusals = {
  reused: reject('auth.refresh_revoked', ''),
  revoked: reject('auth.refresh_revoked', ''),
  expired: reject('auth.expired', ''),
  unknown: reject('auth.invalid_token', ''),
}

export const accountEndpoints = {
  /** Ends every refresh token of the user; an access token lives on until it expires. */
  logout: async ({ by }, { accounts, rows, env }) => {
    await accounts.revokeRefresh(by.id, env.now_ms())
    // Every login is over, so no phone or browser may go on showing what is told to this user.
    await rows.remove(devices, { user_id: by.id })
    return acknowledged('logged out')
  },

  profile: async ({ by }, { accounts }) => userOrNot(await accounts.byId(by.id)),

  /** Empty or absent leaves a field as it is. */
  updateProfile: async ({ by, body }, { accounts }) => {
    const wanted = checked('profile', body)
    if (isRefusal(wanted)) return wanted
    const change = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''))
    return userOrNot(await accounts.update(by.id, change))
  },
} satisfies Record<string, Endpoint>

const userOrNot = (account: Account | undefined): Reply | Rejection =>
  account ? ok(userOf(account)) : reject('account.not_found', '')

const withEmail = (body: Readonly<Record<string, unknown>>) =>
  typeof body.email === 'string' ? { ...body, email: emailOf(body.email) } : body

/** The tokens of a new login, which starts a family of refresh tokens. */
async function session(account: Account, doors: HttpDoors) {
  const { token, hash, expires_ms } = freshRefresh(doors.env.now_ms())
  await doors.accounts.storeRefresh({ hash, expires_ms, family: randomUUID(), user_id: account.id })
  return authResult(account, token, doors)
}

const authResult = async (account: Account, refresh_token: string, { keys, config, env }: HttpDoors) => ({
  access_token: await accessToken(account, keys, config.token_issuer, env),
  refresh_token,
  user: userOf(account),
})
