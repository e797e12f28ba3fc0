/** The rows of `documents.ts` about accounts and logins. */
import { Type } from 'typebox'
import { limits } from '../../protocols/limits.ts'
import { listOf, one, pageOf, wire } from '../../protocols/wire.ts'
import { wire_records as records } from '../../protocols/wire_records.ts'
import { browserBodies } from '../bff/endpoints.ts'
import { accountBodies } from '../identity/endpoints.ts'
import { recoveryBodies } from '../identity/recovery.ts'
import type { Documented } from './documented.ts'
import { shapes } from './shapes.ts'

const message = one(wire.Message)
const Page = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_number_max })),
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
})
const Email = Type.Object({ email: Type.Optional(Type.String()) })

// biome-ignore format: a table reads better as one
export const account_documents: Readonly<Record<string, Documented>> = {
  'POST /api/v1/auth/register':         { about: 'Makes an account and logs in.', answer: one(wire.AuthResult), status: 201, body: accountBodies.register, refuses: ['account.email_taken', 'auth.role', 'overloaded'] },
  'POST /api/v1/auth/login':            { about: 'Logs in.', answer: one(wire.AuthResult), body: accountBodies.login, refuses: ['auth.bad_credentials', 'account.banned', 'overloaded'] },
  'POST /api/v1/auth/refresh':          { about: 'Spends a refresh token for new tokens. Reuse after the grace ends every token of that login.', answer: one(wire.AuthResult), body: accountBodies.refresh, refuses: ['auth.refresh_revoked', 'auth.banned', 'auth.expired', 'auth.invalid_token'] },
  'POST /api/v1/auth/logout':           { about: 'Ends every refresh token of the user.', answer: message },
  'GET /api/v1/auth/profile':           { about: 'The caller.', answer: one(wire.User), refuses: ['account.not_found'] },
  'PUT /api/v1/auth/profile':           { about: 'Changes the caller; empty or absent leaves a field as it is.', answer: one(wire.User), body: accountBodies.profile, refuses: ['account.not_found'] },
  'POST /api/v1/auth/forgot-password':  { about: 'Sends a letter with a code, and says nothing about who exists.', status: 202, body: Email },
  'POST /api/v1/auth/reset-password':   { about: 'Sets a new password with the code of the letter.', answer: message, body: recoveryBodies.reset, refuses: ['auth.reset_invalid', 'overloaded'] },

  'POST /bff/login':                    { about: 'Logs a browser in, which keeps a cookie instead of tokens.', answer: one(records.BrowserSession), body: browserBodies.login, refuses: ['auth.bad_credentials', 'account.banned', 'auth.banned', 'auth.invalid_token', 'auth.expired', 'auth.refresh_revoked', 'account.not_found', 'overloaded'] },
  'GET /bff/session':                   { about: 'Who is logged in by the cookie, and the token that a page shows with each change.', answer: one(records.BrowserSession), refuses: ['auth.missing_token', 'auth.invalid_token', 'auth.banned', 'auth.expired', 'auth.refresh_revoked', 'account.not_found'] },
  'POST /bff/logout':                   { about: 'Ends the session of the cookie.', answer: message, refuses: ['auth.csrf'] },

  'GET /api/v1/admin/users':            { about: 'Every account, by pages.', answer: pageOf(wire.User), query: Page },
  'GET /api/v1/admin/users/:id':        { about: 'One account.', answer: one(wire.User), refuses: ['account.not_found'] },
  'POST /api/v1/admin/users/:id/ban':   { about: 'Ends what an account may do, within a minute.', answer: message, refuses: ['account.not_found', 'account.is_you'] },
  'GET /api/v1/admin/stats/users':      { about: 'How many accounts there are, by role.', answer: one(records.UserStats) },
  'POST /api/v1/admin/digests':         { about: 'The hashes of living actors’ states, and the events and frames that they rest on.', answer: listOf(records.Digest), body: shapes.digests },
}
