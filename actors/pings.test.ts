import { expect, test } from 'vitest'
import { firstPolicy } from '../protocols/policy.ts'
import type { Fix, RunnerSignal } from '../protocols/runner.ts'
import { noon_ms } from './given.ts'
import { no_presence, type Presence, sift, speedMax } from './pings.ts'

const boot = '33333333-3333-4333-8333-333333333333'
/** About one metre of latitude. */
const metre = 1 / 111_195

const fix = (seq: number, over: Partial<Fix> = {}): Fix => ({
  seq,
  latitude: 3.1,
  longitude: 101.6,
  at_ms: noon_ms + seq * 1_000,
  ...over,
})

/** A device and the filter that it reports to, one frame after the other. */
function device({ now = (last: Fix) => last.at_ms, vehicle = 'car', policy = firstPolicy } = {}) {
  let presence: Readonly<Presence> = no_presence
  const send = (over: Partial<RunnerSignal>, fixes: readonly Fix[], now_ms?: number) => {
    const last = fixes.at(-1) ?? fix(0)
    const signal: RunnerSignal = {
      type: 'runner.moved',
      boot,
      lane: 'live',
      via: 'socket',
      ...over,
      fixes: [...fixes],
    }
    const sifted = sift(presence, signal, {
      now_ms: now_ms ?? now(last),
      policy,
      speed_max_m_s: speedMax(vehicle),
    })
    presence = sifted.presence
    return {
      passed: sifted.passed.filter(({ repeat }) => !repeat).map(({ seq }) => seq),
      repeats: sifted.passed.filter(({ repeat }) => repeat).map(({ seq }) => seq),
      failed: sifted.failed.map((each) => [each.fix.seq, each.reason]),
      at_ms: sifted.passed.map((each) => each.at_ms),
      skewed: sifted.passed.some(({ skewed }) => skewed),
    }
  }
  return {
    live: (...fixes: Fix[]) => send({}, fixes),
    liveAt: (now_ms: number, ...fixes: Fix[]) => send({}, fixes, now_ms),
    backlog: (now_ms: number, ...fixes: Fix[]) => send({ lane: 'backlog' }, fixes, now_ms),
    boot: (next: string, ...fixes: Fix[]) => send({ boot: next }, fixes),
    presence: () => presence,
  }
}

test('PF1 a fix that has come before passes as a repeat, per boot; a new boot counts anew', () => {
  const phone = device()
  expect(phone.live(fix(1), fix(2))).toMatchObject({ passed: [1, 2], repeats: [] })
  expect(phone.live(fix(2), fix(3))).toMatchObject({ passed: [3], repeats: [2] })
  expect(phone.boot('44444444-4444-4444-8444-444444444444', fix(2))).toMatchObject({ passed: [2] })
})

test('PF2 a backlog with lower numbers is new, and does not move the runner back', () => {
  const phone = device()
  phone.live(fix(1))
  phone.live(fix(100, { latitude: 3.105 }))
  expect(phone.backlog(noon_ms + 101_000, fix(2), fix(3))).toMatchObject({ passed: [2, 3] })
  expect(phone.backlog(noon_ms + 102_000, fix(3), fix(4))).toMatchObject({ passed: [4], repeats: [3] })
  expect(phone.presence().latitude).toBe(3.105)
})

test('PF3 the point zero is refused, and refused again without a word', () => {
  const phone = device()
  expect(phone.live(fix(1, { latitude: 0, longitude: 0 })).failed).toEqual([[1, 'zero']])
  expect(phone.live(fix(1, { latitude: 0, longitude: 0 }))).toMatchObject({
    passed: [],
    repeats: [],
    failed: [],
  })
  expect(phone.presence().at_ms).toBe(0)
})

test('PF4 a clock of a device that is ahead or behind is set right by its live fixes', () => {
  for (const ahead_ms of [3_600_000, -3_600_000]) {
    const phone = device({ now: (last) => last.at_ms - ahead_ms })
    const [first, second] = [fix(1), fix(2)]
    expect(phone.live(first)).toMatchObject({ at_ms: [first.at_ms - ahead_ms], skewed: ahead_ms > 5_000 })
    // The second one took two seconds on the way: it is still the time at which it was taken.
    const sent = phone.liveAt(second.at_ms - ahead_ms + 2_000, second)
    expect(sent.at_ms).toEqual([second.at_ms - ahead_ms])
  }
})

test('PF5 a clock that is set back is noticed, since the numbers go on', () => {
  const phone = device()
  phone.live(fix(1), fix(2))
  const back = fix(3, { at_ms: noon_ms - 3_600_000 })
  expect(phone.liveAt(noon_ms + 3_000, back).at_ms).toEqual([noon_ms + 3_000])
})

test('PF6 a fix from the future is stamped anew and flagged; one older than 24 h is refused', () => {
  const phone = device()
  const future = phone.backlog(noon_ms, fix(1, { at_ms: noon_ms + 60_000 }))
  expect(future).toMatchObject({ at_ms: [noon_ms], skewed: true })
  expect(phone.backlog(noon_ms, fix(2, { at_ms: noon_ms + 5_000 }))).toMatchObject({
    at_ms: [noon_ms + 5_000],
    skewed: false,
  })
  const day_ms = 24 * 3_600_000
  expect(phone.backlog(noon_ms, fix(3, { at_ms: noon_ms - day_ms - 1 })).failed).toEqual([[3, 'stale']])
  expect(phone.backlog(noon_ms, fix(4, { at_ms: noon_ms - day_ms })).passed).toEqual([4])
})

test('PF7 a fix rougher than 200 m is used only when nothing else came for a minute', () => {
  const phone = device()
  expect(phone.live(fix(1, { accuracy_m: 500 })).passed).toEqual([1])
  expect(phone.live(fix(30, { accuracy_m: 200 })).passed).toEqual([30])
  expect(phone.live(fix(89, { accuracy_m: 201 })).failed).toEqual([[89, 'inaccurate']])
  expect(phone.live(fix(90, { accuracy_m: 201 })).passed).toEqual([90])
})

test('PF8 a jump that no vehicle makes is quarantined until two more fixes agree with it', () => {
  const phone = device()
  const there = { latitude: 3.1 + 5_000 * metre }
  phone.live(fix(1))
  expect(phone.live(fix(2, there)).failed).toEqual([[2, 'teleport']])
  expect(phone.live(fix(3)).passed).toEqual([3])
  expect(phone.live(fix(4, there)).failed).toEqual([[4, 'teleport']])
  expect(phone.live(fix(5, there)).failed).toEqual([[5, 'teleport']])
  expect(phone.live(fix(6, there)).passed).toEqual([6])
  expect(phone.presence().latitude).toBe(there.latitude)
  expect(phone.live(fix(2, there))).toMatchObject({ passed: [], repeats: [], failed: [] })
})

test('PF9 a quarantined place is also believed when a fix agrees 15 s later', () => {
  const phone = device()
  const there = { latitude: 3.1 + 50_000 * metre }
  phone.live(fix(1))
  expect(phone.live(fix(2, there)).failed).toEqual([[2, 'teleport']])
  expect(phone.live(fix(17, there)).passed).toEqual([17])
})

test('PF10 a bike is believed 30 m/s, a car 50', () => {
  const far = (metres: number) => fix(11, { latitude: 3.1 + metres * metre })
  for (const [vehicle, passes, fails] of [
    ['car', 490, 510],
    ['motorcycle', 290, 310],
  ] as const) {
    for (const [metres, failed] of [
      [passes, []],
      [fails, [[11, 'teleport']]],
    ] as const) {
      const phone = device({ vehicle })
      phone.live(fix(1))
      expect(phone.live(far(metres)).failed).toEqual(failed)
    }
  }
})

test('PF11 live fixes are limited to one a second with a burst of thirty; a backlog is not', () => {
  const phone = device()
  const many = Array.from({ length: 40 }, (_, index) => fix(index + 1))
  const sent = phone.liveAt(noon_ms + 50_000, ...many)
  expect(sent.passed).toHaveLength(30)
  expect(sent.failed).toHaveLength(10)
  expect(sent.failed[0]).toEqual([31, 'rate_limited'])
  expect(phone.liveAt(noon_ms + 52_000, fix(41), fix(42), fix(43))).toMatchObject({
    passed: [41, 42],
    failed: [[43, 'rate_limited']],
  })
  // A repeat takes no token, and there is none left.
  expect(phone.liveAt(noon_ms + 52_000, fix(42))).toMatchObject({ repeats: [42], failed: [] })
  const backlog = Array.from({ length: 100 }, (_, index) => fix(index + 101))
  expect(phone.backlog(noon_ms + 300_000, ...backlog).passed).toHaveLength(100)
})

test('PF12 the filter leaves what it was given as it was', () => {
  const before = structuredClone(no_presence)
  device().live(fix(1), fix(2), fix(4, { latitude: 9 }))
  expect(no_presence).toEqual(before)
})
