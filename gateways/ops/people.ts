/** Who may do what: `kilat admin grant EMAIL`, `kilat keys rotate` and `kilat keys rewrap`. */
import { limits } from '../../protocols/limits.ts'
import { rotateKeys } from '../identity/keys.ts'
import { emailOf } from '../identity/login.ts'
import { loadMasters } from '../vault/masters.ts'
import { rewrapKeys } from '../vault/vault.ts'
import { Mistake, type Verb } from './desk.ts'

/** `kilat admin grant EMAIL`. */
export const adminGrant: Verb = async (desk, { positionals: [email = ''] }) => {
  const account = await (await desk.accounts()).setRole(emailOf(email), 'admin')
  if (!account) throw new Mistake(`nobody has registered as ${email}`)
  desk.print(`${account.email} is an admin: from the next login, or refresh, on.`)
  return true
}

/** `kilat keys rotate`. */
export const keysRotate: Verb = async ({ config, env, print }) => {
  if (config.signing_keys !== undefined)
    throw new Mistake('the keys come from SIGNING_KEYS: put a fresh one in front there, and keep the others')
  const kid = await rotateKeys(config.data_dir, env.now_ms())
  print(`Key ${kid} is there, and signs in ${limits.key_settle_ms / 1_000} s.`)
  print(`The keys before it verify for ${limits.key_retire_ms / 3_600_000} h more: nobody is logged out.`)
  return true
}

/** `kilat keys rewrap`: what the older masters wrapped is wrapped by the first one. */
export const keysRewrap: Verb = async (desk) => {
  const masters = await loadMasters(desk.config.personal_key, desk.config.data_dir)
  const changed = await rewrapKeys({ keys: await desk.personKeys(), masters })
  desk.print(
    `${changed} personal keys are wrapped anew; the first master is the only one that is needed now.`,
  )
  return true
}
