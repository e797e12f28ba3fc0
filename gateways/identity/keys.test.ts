import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { accountOf } from '../http/testing.ts'
import { openVerifier } from '../principal.ts'
import { loadKeys } from './keys.ts'
import { accessToken } from './tokens.ts'

const issuer = 'kilat-pet-runner'
const nobody = { has: () => false, watch: () => () => {} }
const account = accountOf({ id: '11111111-1111-4111-8111-111111111111', role: 'owner' })
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kilat-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

const privateJwk = async () =>
  exportJWK((await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })).privateKey)

test('ID5 the first start makes one key, readable by its owner alone, and all threads and starts share it', async () => {
  const data_dir = join(folder, 'deep', 'data')
  const loaded = await Promise.all(Array.from({ length: 4 }, () => loadKeys(undefined, data_dir)))
  expect(new Set(loaded.map(({ kid }) => kid)).size).toBe(1)
  expect((await loadKeys(undefined, data_dir)).kid).toBe(loaded[0]?.kid)
  expect((await stat(join(data_dir, 'signing-keys.json'))).mode & 0o777).toBe(0o600)
})

test('ID6 the first key signs and every key verifies, so that a key can be replaced', async () => {
  const env = new SteppedEnv()
  const [old, fresh] = [await privateJwk(), await privateJwk()]
  const before = await loadKeys(JSON.stringify({ keys: [old] }), folder)
  const after = await loadKeys(JSON.stringify([fresh, old]), folder)
  const verifier = openVerifier({ keys: after, issuers: [issuer], bans: nobody, env })
  expect(await verifier.verify(await accessToken(account, before, issuer, env))).toHaveProperty('principal')
  expect(await verifier.verify(await accessToken(account, after, issuer, env))).toHaveProperty('principal')
  const retired = openVerifier({
    keys: await loadKeys(JSON.stringify([fresh]), folder),
    issuers: [issuer],
    bans: nobody,
    env,
  })
  expect(await retired.verify(await accessToken(account, before, issuer, env))).toHaveProperty('rejected')
})

test('ID7 the key document shows public halves only', async () => {
  const keys = await loadKeys(JSON.stringify([await privateJwk()]), folder)
  expect(keys.jwks.keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: keys.kid, x: expect.any(String) },
  ])
})

test('ID8 keys of another kind stop the start, and the message holds no key material', async () => {
  const { d, ...public_half } = await privateJwk()
  const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', d: 'secret' }
  for (const set of ['not json', '{}', '[]', 'null', JSON.stringify([public_half]), JSON.stringify([rsa])]) {
    const error = await loadKeys(set, folder).catch((thrown: unknown) => thrown)
    expect(error, set).toBeInstanceOf(Error)
    expect(String(error)).not.toContain('secret')
  }
  expect(d).toBeTypeOf('string')
  await writeFile(join(folder, 'signing-keys.json'), '{"keys":')
  await expect(loadKeys(undefined, folder)).rejects.toThrow('not JSON')
})
