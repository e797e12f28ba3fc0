// `npm run seed -- --owners 20 --runners 50`: accounts and runner profiles in a running engine. ARCHITECTURE.md says what for.
import { parseArgs } from 'node:util'
import { systemEnv } from '../engine/system_env.ts'
import { loadConfig } from '../gateways/config.ts'
import { type Profile, seed_password, seedAccounts } from '../gateways/identity/seed.ts'
import { accessToken } from '../gateways/identity/tokens.ts'
import { endpointsOf, withAccounts } from './city/backstage.ts'
import type { Identity } from './city/population.ts'

const { values } = parseArgs({
  options: {
    owners: { type: 'string', default: '20' },
    runners: { type: 'string', default: '50' },
    url: { type: 'string' },
  },
})

function count(name: 'owners' | 'runners'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0 || value > 9_999) throw new Error(`--${name} wants 0 to 9999`)
  return value
}

const config = loadConfig(process.env)
const env = systemEnv('error')
const vehicle = { vehicle_type: 'van', vehicle_plate: 'KLT 1', vehicle_model: 'Hiace', air_conditioned: true }
const crate = {
  size: 'large',
  pet_types: ['cat', 'dog', 'bird', 'rabbit', 'other'],
  max_weight_kg: 40,
  ventilated: true,
}

/** Profiles are facts of actors, so they go through the engine's front door. */
function profileAt(origin: string, { keys, issuer }: Identity): Profile {
  return async (runner) => {
    const token = await accessToken(runner, keys, issuer, env)
    const call = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${origin}/api/v1/runners${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': `seed${path}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const text = await response.text()
      if (!response.ok && response.status !== 404)
        throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return (JSON.parse(text) as { data?: { crate_specs?: readonly object[] } }).data
    }
    const profile = (await call('GET', '/me')) ?? (await call('POST', '', vehicle))
    if (profile?.crate_specs?.length === 0) await call('POST', '/me/crates', crate)
  }
}

const origin = values.url ?? `http://127.0.0.1:${(await endpointsOf(config.data_dir)).port}`
await withAccounts(config, async (accounts, identity) => {
  const counts = { owners: count('owners'), runners: count('runners') }
  const { owners, runners } = await seedAccounts(accounts, profileAt(origin, identity), counts, env)
  process.stdout.write(
    `${owners.length} owners and ${runners.length} runners with profiles are there; each has the password ${seed_password}\n` +
      `  ${[...owners.slice(0, 1), ...runners.slice(0, 2)].map(({ email }) => email).join(', ')} ...\n`,
  )
})
