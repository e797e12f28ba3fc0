import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { limits } from '../../protocols/limits.ts'
import { accountOf } from '../http/testing.ts'
import { openVerifier } from '../principal.ts'
import { type KeyRing, openKeyRing, rotateKeys } from './keys.ts'
import { accessToken } from './tokens.ts'

const issuer = 'kilat-pet-runner'
const account = accountOf({ id: '11111111-1111-4111-8111-111111111111', role: 'owner' })
/** Each look at the file ends in setting the clock for the next one: that is waited for. */
class CountingEnv extends SteppedEnv {
  armed = 0
  #tell = () => {}

  override after(ms: number, call: () => void) {
    this.armed += 1
    this.#tell()
    return super.after(ms, call)
  }

  async armedAtLeast(count: number): Promise<void> {
    while (this.armed < count)
      await new Promise<void>((resolve) => {
        this.#tell = resolve
      })
  }
}

const nobody = { has: () => false, watch: () => () => {} }
let folder = ''
let env: CountingEnv
const rings: KeyRing[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kilat-rotation-'))
  env = new CountingEnv()
})
afterEach(async () => {
  for (const ring of rings.splice(0)) ring.stop()
  await rm(folder, { recursive: true })
})

async function thread() {
  const keys = await openKeyRing(undefined, folder, env)
  rings.push(keys)
  const verifier = openVerifier({ keys, issuers: [issuer], bans: nobody, env })
  return { keys, verifier, sign: () => accessToken(account, keys, issuer, env) }
}

/** Advances by that much and on to the next look at the file, and waits until every thread has looked. */
async function pass(ms: number): Promise<void> {
  for (const step_ms of [ms, limits.keys_poll_ms]) {
    const looked = env.armed + rings.length
    await env.advance(step_ms)
    await env.armedAtLeast(looked)
  }
}

test('ST60 a fresh key is shown to every thread before it signs, so none meets a token that it does not know', async () => {
  const [one, other] = [await thread(), await thread()]
  const old_kid = one.keys.kid
  const fresh_kid = await rotateKeys(folder, env.now_ms())
  await pass(limits.keys_poll_ms)
  expect([one, other].map(({ keys }) => keys.jwks.keys.length)).toEqual([2, 2])
  expect([one.keys.kid, other.keys.kid]).toEqual([old_kid, old_kid])
  await pass(limits.key_settle_ms)
  expect([one.keys.kid, other.keys.kid]).toEqual([fresh_kid, fresh_kid])
  expect(await other.verifier.verify(await one.sign())).toHaveProperty('principal')
})

test('ST61 a replaced key verifies until what it signed has ended, and is then forgotten', async () => {
  const { keys, verifier, sign } = await thread()
  const before = await sign()
  const fresh_kid = await rotateKeys(folder, env.now_ms())
  await pass(limits.key_settle_ms)
  expect(keys.kid).toBe(fresh_kid)
  expect(await verifier.verify(before)).toHaveProperty('principal')
  await pass(limits.key_retire_ms)
  expect(keys.jwks.keys.map(({ kid }) => kid)).toEqual([fresh_kid])
})

test('ST62 the set stays readable by its owner alone and bounded; a broken one changes nothing', async () => {
  const { keys, sign, verifier } = await thread()
  const path = join(folder, 'signing-keys.json')
  for (let index = 1; index < limits.keys_max; index++) await rotateKeys(folder, env.now_ms())
  await expect(rotateKeys(folder, env.now_ms())).rejects.toThrow('keys already')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(path, 'utf8')).keys).toHaveLength(limits.keys_max)
  await writeFile(path, '{"keys":')
  await pass(limits.keys_poll_ms)
  expect(env.lines.some(({ what }) => what.includes('cannot be read'))).toBe(true)
  expect(await verifier.verify(await sign())).toHaveProperty('principal')
  expect(keys.jwks.keys.length).toBeGreaterThan(0)
})
