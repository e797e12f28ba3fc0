/** The filter that every fix of a runner's device goes through (dispatch.md, e1), in that order, with reasons. */
import { limits } from '../protocols/limits.ts'
import type { Policy } from '../protocols/policy.ts'
import type { Fix, RunnerSignal } from '../protocols/runner.ts'
import { type DeviceClock, latestTime, observeClock, serverTime, unknown_clock } from './clock.ts'
import { hasSeen, nothing_seen, type Seen, withSeq } from './seen.ts'
import { moveTo, no_track, type Track, teleports } from './track.ts'

/** Why a fix was not used. It goes to the runner's topic with the fix, for disputes. */
export type FixReason = 'zero' | 'stale' | 'inaccurate' | 'teleport' | 'rate_limited'

/** What a runner's shard keeps of his device between fixes: the position, and all that the filter goes by. */
export interface Presence extends DeviceClock, Track {
  boot: string
  seen: Seen
  /** Numbers of fixes that were refused, so that one sent again is not used after all. */
  refused: readonly number[]
  via: 'socket' | 'http'
  tokens: number
  tokens_ms: number
}

export const no_presence: Readonly<Presence> = {
  ...unknown_clock,
  ...no_track,
  boot: '',
  seen: nothing_seen,
  refused: [],
  via: 'http',
  tokens: 0,
  tokens_ms: 0,
}

/** A fix that passed. Times are the server's; unknown speed and heading are 0. */
export interface Passed {
  readonly seq: number
  readonly latitude: number
  readonly longitude: number
  readonly at_ms: number
  /** Not before `at_ms`: the latest at which it can have been taken. */
  readonly latest_ms: number
  readonly speed_kmh: number
  readonly heading_degrees: number
  readonly accuracy_m: number
  /** It has come before: nothing is reported of it again. */
  readonly repeat: boolean
  /** The device's clock was ahead. */
  readonly skewed: boolean
}

export interface Sifted {
  readonly presence: Readonly<Presence>
  readonly passed: readonly Passed[]
  readonly failed: readonly Readonly<{ fix: Fix; reason: FixReason }>[]
}

interface Pass {
  readonly presence: Presence
  /** What a fix is measured against: the presence itself, or for a backlog the backlog alone. */
  readonly track: Track
  readonly live: boolean
  /** The frame is of the present boot. */
  readonly known: boolean
  readonly now_ms: number
  readonly policy: Policy
  readonly speed_max_m_s: number
}

const bikes: readonly string[] = ['motorcycle', 'motorbike', 'bike', 'bicycle']

/** The speed in m/s above which a vehicle of this type cannot have moved. */
export const speedMax = (vehicle_type: string): number =>
  bikes.includes(vehicle_type) ? limits.speed_bike_max_m_s : limits.speed_car_max_m_s

/** Sends the fixes of one frame through the filter. Pure: the presence that it is given stays as it is. */
export function sift(
  last: Readonly<Presence>,
  signal: RunnerSignal,
  around: Pick<Pass, 'now_ms' | 'policy' | 'speed_max_m_s'>,
): Sifted {
  const presence = copyOf(last)
  const live = signal.lane === 'live'
  const { now_ms, policy, speed_max_m_s } = around
  const known = hear(presence, signal, now_ms)
  const track = live ? presence : { ...no_track }
  const pass: Pass = { presence, track, live, known, now_ms, policy, speed_max_m_s }
  const passed: Passed[] = []
  const failed: { fix: Fix; reason: FixReason }[] = []
  for (const fix of signal.fixes) {
    const verdict = consider(pass, fix)
    if (typeof verdict === 'object') passed.push(verdict)
    else if (verdict !== undefined) failed.push({ fix, reason: verdict })
  }
  return { presence, passed, failed }
}

/** Field by field: a spread of so many takes the slow way of V8, three times as long and with twice the garbage. */
const copyOf = (last: Readonly<Presence>): Presence => ({
  bucket_ms: last.bucket_ms,
  former_ms: last.former_ms,
  bucket_fixes: last.bucket_fixes,
  device_ms: last.device_ms,
  heard_ms: last.heard_ms,
  latitude: last.latitude,
  longitude: last.longitude,
  at_ms: last.at_ms,
  doubt: last.doubt,
  boot: last.boot,
  seen: last.seen,
  refused: last.refused,
  via: last.via,
  tokens: last.tokens,
  tokens_ms: last.tokens_ms,
})

/** Takes in what a frame says of its device as a whole. False: it is a backlog of another boot than the present one. */
function hear(presence: Presence, { boot, lane, via, fixes }: RunnerSignal, now_ms: number): boolean {
  const live = lane === 'live'
  if (boot !== presence.boot && (live || presence.boot === '')) startBoot(presence, boot)
  if (live) {
    presence.via = via
    for (const { seq, at_ms } of fixes)
      if (!isRepeat(presence.seen, seq)) observeClock(presence, at_ms, now_ms, seq > presence.seen.to)
  }
  return boot === presence.boot
}

/** Nothing: it was refused before. */
function consider(pass: Pass, fix: Fix): Passed | FixReason | undefined {
  const { presence, known, now_ms } = pass
  const repeat = known && isRepeat(presence.seen, fix.seq)
  if (repeat && presence.refused.includes(fix.seq)) return undefined
  const at_ms = serverTime(presence, fix.at_ms, now_ms)
  const reason = judge(pass, fix, at_ms, repeat)
  if (known) presence.seen = withSeq(presence.seen, fix.seq)
  const latest_ms = known ? latestTime(presence, fix.at_ms, at_ms) : at_ms
  if (reason === undefined) return passedFix(fix, { at_ms, latest_ms, repeat }, now_ms)
  if (repeat) return undefined
  presence.refused = [...presence.refused, fix.seq].slice(-limits.refused_seqs_max)
  return reason
}

/** A device that started again counts, and may tell the time, anew. Its place stays believed. */
function startBoot(presence: Presence, boot: string): void {
  Object.assign(presence, unknown_clock)
  presence.boot = boot
  presence.seen = nothing_seen
  presence.refused = []
}

/** What is older than all that is remembered counts as a repeat: it is never reported twice. */
const isRepeat = (seen: Seen, seq: number): boolean => seq < seen.floor || hasSeen(seen, seq)

/** A repeat passes the rules that do not depend on what came before it: those it has passed already. */
function judge(pass: Pass, fix: Fix, at_ms: number, repeat: boolean): FixReason | undefined {
  const { presence, track, live, now_ms, policy } = pass
  if (fix.latitude === 0 && fix.longitude === 0) return 'zero'
  if (at_ms < now_ms - limits.fix_age_max_ms) return 'stale'
  if (repeat) return undefined
  const patient = track.at_ms !== 0 && at_ms - track.at_ms < limits.accuracy_patience_ms
  if (patient && (fix.accuracy_m ?? 0) > limits.accuracy_presence_m) return 'inaccurate'
  if (teleports(track, fix, at_ms, pass.speed_max_m_s)) return 'teleport'
  if (live && !takeToken(presence, now_ms, policy)) return 'rate_limited'
  moveTo(track, fix, at_ms)
  return undefined
}

function takeToken(presence: Presence, now_ms: number, { fixes_per_s, fixes_burst }: Policy): boolean {
  const gained = (Math.max(0, now_ms - presence.tokens_ms) / 1_000) * fixes_per_s
  presence.tokens = Math.min(fixes_burst, presence.tokens + gained)
  presence.tokens_ms = now_ms
  if (presence.tokens < 1) return false
  presence.tokens -= 1
  return true
}

function passedFix(fix: Fix, seen: Pick<Passed, 'at_ms' | 'latest_ms' | 'repeat'>, now_ms: number): Passed {
  const { speed_kmh = 0, heading_degrees = 0 } = fix
  return {
    seq: fix.seq,
    latitude: fix.latitude,
    longitude: fix.longitude,
    at_ms: seen.at_ms,
    latest_ms: seen.latest_ms,
    speed_kmh: Math.max(0, speed_kmh),
    heading_degrees: heading_degrees >= 0 && heading_degrees <= 360 ? heading_degrees : 0,
    accuracy_m: fix.accuracy_m ?? 0,
    repeat: seen.repeat,
    skewed: fix.at_ms > now_ms + limits.fix_future_max_ms,
  }
}
