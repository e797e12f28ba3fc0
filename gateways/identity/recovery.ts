// A forgotten password: contract, section 2.4 and 3.1.
import { createHash, randomBytes } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { checkOf } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { acknowledged } from '../http/reply.ts'
import type { HttpDoors, PublicEndpoint } from '../http/request.ts'
import { emailOf } from './login.ts'
import { hashPassword } from './passwords.ts'

export const recoveryBodies = {
  reset: Type.Object({
    token: Type.String({ minLength: 1, maxLength: 256 }),
    newPassword: Type.String({
      minLength: limits.password_length_min,
      maxLength: limits.password_length_max,
    }),
  }),
}
const check = checkOf(recoveryBodies, 'password reset')

/** Letters that are being written; one more than the bound is not written at all, and its user asks again. */
let under_way = 0

export const recoveryEndpoints = {
  /** Says nothing about who exists: neither by what is answered nor by how long that takes. */
  forgotPassword: async ({ body }, doors) => {
    if (typeof body.email === 'string' && body.email.length <= 254 && under_way < limits.reset_queue_max) {
      under_way += 1
      sendReset(emailOf(body.email), doors)
        .catch((error: unknown) =>
          doors.env.log('warn', 'a reset letter could not be sent', {
            error: error instanceof Error ? error.message : String(error),
          }),
        )
        .finally(() => {
          under_way -= 1
        })
    }
    return { status: 202 }
  },

  /** `auth.reset_invalid` for a token that is unknown, used or an hour old; every refresh token of the user ends. */
  resetPassword: async ({ body }, { accounts, env }) => {
    const wanted = check('reset', body) as Static<typeof recoveryBodies.reset> | Rejection
    if (isRefusal(wanted)) return wanted
    const password_hash = await hashPassword(wanted.newPassword)
    if (isRefusal(password_hash)) return password_hash
    const account = await accounts.resetPassword(tokenHash(wanted.token), password_hash, env.now_ms())
    return account ? acknowledged('password changed') : reject('auth.reset_invalid', '')
  },
} satisfies Record<string, PublicEndpoint>

const tokenHash = (token: string): Uint8Array => createHash('sha256').update(token).digest()

async function sendReset(email: string, { accounts, attempts, env, mail }: HttpDoors): Promise<void> {
  const account = await accounts.byEmail(email)
  if (!account || account.banned_ms !== undefined) return
  if (!attempts.resetMail(email, env.now_ms())) return
  const token = randomBytes(32).toString('hex')
  const expires_ms = env.now_ms() + limits.reset_token_ms
  await accounts.putReset({ hash: tokenHash(token), user_id: account.id, expires_ms })
  await mail.send({
    to: account.email,
    subject: 'Your new Kilat password',
    text: `Use this code within one hour to set a new password:\n\n${token}\n\nIf you did not ask for it, nothing has changed.\n`,
  })
}
