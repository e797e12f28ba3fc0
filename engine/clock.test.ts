import { expect, test } from 'vitest'
import { clockContract } from './clock.contract.ts'
import { SteppedEnv } from './clock.ts'
import { systemEnv } from './system_env.ts'

clockContract('stepped', () => {
  const env = new SteppedEnv()
  return { env, pass: (ms) => env.advance(ms) }
})

clockContract('system', () => {
  const env = systemEnv('error')
  return { env, pass: (ms) => new Promise((resolve) => void env.after(ms + 1, resolve)) }
})

test('CK6 a stepped clock fires each timer at its own time, with the work that it causes, and stands still otherwise', async () => {
  const env = new SteppedEnv({ start_ms: 1_000 })
  const calls: string[] = []
  env.after(10, () => {
    calls.push(`ten at ${env.now_ms()}`)
    env.after(5, () => calls.push(`fifteen at ${env.now_ms()}`))
    void Promise.resolve().then(() => env.soon(() => calls.push(`soon at ${env.now_ms()}`)))
  })
  env.after(12, () => calls.push(`twelve at ${env.now_ms()}`))
  await env.advance(9)
  expect([calls, env.now_ms(), env.pending]).toEqual([[], 1_009, 2])
  await env.advance(100)
  expect(calls).toEqual(['ten at 1010', 'soon at 1010', 'twelve at 1012', 'fifteen at 1015'])
  expect([env.now_ms(), env.monotonic_ms(), env.pending]).toEqual([1_109, 109, 0])
})

test('CK6 a stepped wall clock can jump, and the monotonic one does not', () => {
  const env = new SteppedEnv({ start_ms: 1_000_000 })
  env.jump(-60_000)
  expect([env.now_ms(), env.monotonic_ms()]).toEqual([940_000, 0])
})

test('CK6 the same seed gives the same chance', () => {
  const draw = (seed: number) => {
    const env = new SteppedEnv({ seed })
    return [env.random(), env.uuid(), env.random()]
  }
  expect(draw(5)).toEqual(draw(5))
  expect(draw(5)).not.toEqual(draw(6))
})

test('CK7 what is logged on the stepped clock can be read', () => {
  const env = new SteppedEnv()
  env.log('warn', 'something', { shard: 1 })
  env.log('info', 'nothing')
  expect(env.lines).toEqual([
    { level: 'warn', what: 'something', fields: { shard: 1 } },
    { level: 'info', what: 'nothing', fields: {} },
  ])
})
