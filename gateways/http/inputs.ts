// What clients leave out or write in their own way, put right before a command is checked or sent.
import type { Accounts } from '../../protocols/accounts.ts'
import type { Principal } from '../../protocols/actor.ts'
import type { PublicCommandName } from '../../protocols/catalogue.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { wholeSeconds } from './times.ts'

type Fields = Readonly<Record<string, unknown>>

/** Before the check. A runner's name and phone are on his account already: one client never sends them. */
export async function completed(
  command: PublicCommandName,
  body: Fields,
  by: Principal,
  accounts: Accounts,
): Promise<Fields> {
  if (command !== 'runner.register' || (said(body.full_name) && said(body.phone))) return body
  const account = await accounts.byId(by.id)
  if (!account) return body
  return {
    ...body,
    full_name: said(body.full_name) ? body.full_name : account.full_name,
    phone: said(body.phone) ? body.phone : account.phone,
  }
}

const said = (value: unknown) => value !== undefined && value !== null && value !== ''

/** After the check: every time in UTC and whole seconds, or `request.malformed` with the field that holds none. */
export function normalised(command: PublicCommandName, body: object): object | Rejection {
  if (command !== 'booking.request') return body
  const request = body as { pet_spec: { vaccinations: readonly Fields[] }; scheduled_at?: string | null }
  const top = withTimes(request, ['scheduled_at'], '')
  if ('rejected' in top) return top
  const vaccinations: Fields[] = []
  for (const [index, vaccination] of request.pet_spec.vaccinations.entries()) {
    const timed = withTimes(vaccination, ['date_given', 'expires_at'], `pet_spec.vaccinations.${index}.`)
    if ('rejected' in timed) return timed as Rejection
    vaccinations.push(timed)
  }
  return { ...top, pet_spec: { ...request.pet_spec, vaccinations } }
}

function withTimes<Body extends object>(body: Body, names: readonly string[], at: string): Body | Rejection {
  let timed = body
  for (const name of names) {
    const text = (body as Fields)[name]
    if (typeof text !== 'string') continue
    const time = wholeSeconds(text)
    if (time === undefined)
      return reject('request.malformed', `${at}${name} must be a time as RFC 3339 has it`)
    timed = { ...timed, [name]: time }
  }
  return timed
}
