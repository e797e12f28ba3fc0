// Who we are to NATS, shown to a real server: a key of our own, and credentials of an operator's account.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { askJetStream, connectNats } from './nats.ts'
import { startNats, type TestNats } from './testing.ts'

type Pair = ReturnType<typeof nkeys.createUser>
let dir: string
const servers: TestNats[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kilat-creds-'))
})
afterAll(async () => {
  for (const server of servers) await server.stop()
  await rm(dir, { recursive: true, force: true })
})

const env = { ...systemEnv('error'), log: () => undefined }
const linkTo = (url: string) => connectNats({ url, name: 'credentials-test', env })
const seedOf = (pair: Pair) => Buffer.from(pair.getSeed()).toString()
const file = (name: string, text: string) => {
  const path = join(dir, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

async function started(...more: string[]): Promise<TestNats> {
  const server = await startNats(more)
  servers.push(server)
  return server
}

/** Makes a stream and asks for it, as whoever the address says. */
async function works(url: string): Promise<boolean> {
  const link = await linkTo(url)
  try {
    await askJetStream(link, 'STREAM.CREATE.OWN', { name: 'OWN', subjects: ['own'] })
    const { error } = await askJetStream<{ config: object }>(link, 'STREAM.INFO.OWN', {})
    return error === undefined
  } finally {
    await link.close()
  }
}

const refused = (url: string) =>
  expect(linkTo(url)).rejects.toMatchObject({ message: 'NATS refuses our credentials', retry: false })

/** A JWT as NATS has them: signed by the nkey of who vouches (version 2 of its claims). */
function jwt(by: Pair, whom: Pair, name: string, nats: object, ends_s?: number): string {
  const part = (body: object) => Buffer.from(JSON.stringify(body)).toString('base64url')
  const claims = {
    jti: randomBytes(16).toString('hex'),
    iat: Math.floor(Date.now() / 1_000) - 60,
    ...(ends_s === undefined ? {} : { exp: ends_s }),
    iss: by.getPublicKey(),
    name,
    sub: whom.getPublicKey(),
    nats: { ...nats, version: 2 },
  }
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`
  return `${signed}.${Buffer.from(by.sign(Buffer.from(signed))).toString('base64url')}`
}

const without_bounds = {
  ...{ subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
  ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
}

/** A credentials file, as `nsc` writes them. */
const credentials = (token: string, user: Pair) =>
  `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seedOf(user)}\n------END USER NKEY SEED------\n`

test('LP9 the seed of an nkey lets in whom the server knows by it, and nobody else', async () => {
  const [ours, theirs] = [nkeys.createUser(), nkeys.createUser()]
  const { url } = await started(`authorization { users = [ { nkey: ${ours.getPublicKey()} } ] }`)
  const seed = file('engine.nk', `${seedOf(ours)}\n`)
  expect(await works(`${url}?nkey=${seed}`)).toBe(true)
  await refused(`${url}?nkey=${file('stranger.nk', seedOf(theirs))}`)
  await refused(url)
})

test('LP9 a credentials file lets in a user of an account of the operator, until it ends', async () => {
  const [operator, account, system, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ]
  const accountOf = (pair: Pair, name: string, limits: object) =>
    `${pair.getPublicKey()}: "${jwt(operator, pair, name, { type: 'account', limits })}"`
  const { mem_storage: _m, disk_storage: _d, streams: _s, consumer: _c, ...plain } = without_bounds
  const { url } = await started(
    `operator: "${jwt(operator, operator, 'the test', { type: 'operator' })}"`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: { ${accountOf(account, 'KILAT', without_bounds)}, ${accountOf(system, 'SYS', plain)} }`,
  )
  const userOf = (by: Pair, ends_s?: number) =>
    jwt(by, user, 'engine', { type: 'user', subs: -1, data: -1, payload: -1, pub: {}, sub: {} }, ends_s)
  expect(await works(`${url}?creds=${file('engine.creds', credentials(userOf(account), user))}`)).toBe(true)
  const ended = userOf(account, Math.floor(Date.now() / 1_000) - 1)
  await refused(`${url}?creds=${file('ended.creds', credentials(ended, user))}`)
  const stranger = userOf(nkeys.createAccount())
  await refused(`${url}?creds=${file('stranger.creds', credentials(stranger, user))}`)
  const stolen = credentials(userOf(account), nkeys.createUser())
  await refused(`${url}?creds=${file('stolen.creds', stolen)}`)
})
