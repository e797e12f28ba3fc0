/** What every Env promises. */
import { describe, expect, test } from 'vitest'
import type { Env } from './env.ts'

export interface Clocked {
  readonly env: Env
  /** Lets at least so much time go by, and the timers fire that are due in it. */
  pass(ms: number): Promise<void>
}

export function clockContract(name: string, open: () => Clocked): void {
  describe(`the clock (${name})`, () => {
    test('CK1 the monotonic clock goes on, and the wall clock counts whole milliseconds of our time', async () => {
      const { env, pass } = open()
      const [before, wall] = [env.monotonic_ms(), env.now_ms()]
      await pass(5)
      expect(env.monotonic_ms() - before).toBeGreaterThanOrEqual(4)
      expect(env.now_ms()).toBeGreaterThan(wall)
      expect(Number.isSafeInteger(wall) && wall > 1_700_000_000_000).toBe(true)
    })

    test('CK2 a timer calls once, not before its time, and earlier ones first', async () => {
      const { env, pass } = open()
      const start = env.monotonic_ms()
      const calls: string[] = []
      const called = (what: string) => () => void calls.push(what)
      // Far apart, since a busy machine may stand still between two of these lines.
      env.after(30, called('late'))
      env.after(0, called('at once'))
      env.after(2, () => {
        calls.push('early')
        expect(env.monotonic_ms() - start).toBeGreaterThanOrEqual(1)
      })
      expect(calls).toEqual([])
      await pass(40)
      await pass(40)
      expect(calls).toEqual(['at once', 'early', 'late'])
    })

    test('CK3 a cancelled timer does not call, and cancelling again is harmless', async () => {
      const { env, pass } = open()
      let calls = 0
      const count = () => {
        calls += 1
      }
      const cancel = env.after(1, count)
      const fired = env.after(0, count)
      cancel()
      cancel()
      await pass(10)
      fired()
      expect(calls).toBe(1)
    })

    test('CK4 what is to be done soon is done after what is at hand, in order', async () => {
      const { env, pass } = open()
      const calls: string[] = []
      env.soon(() => calls.push('first'))
      env.soon(() => calls.push('second'))
      await Promise.resolve().then(() => calls.push('at hand'))
      await pass(1)
      expect(calls).toEqual(['at hand', 'first', 'second'])
    })

    test('CK5 chance is in [0, 1), and ids are version 4 UUIDs that differ', () => {
      const { env } = open()
      const drawn = Array.from({ length: 2_000 }, () => env.random())
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...drawn)).toBeLessThan(1)
      expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(0.9)
      const ids = Array.from({ length: 500 }, () => env.uuid())
      expect(new Set(ids).size).toBe(500)
      for (const id of ids)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    })
  })
}
