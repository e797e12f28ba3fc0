import { limits } from '../protocols/limits.ts'

/**
 * What is known of a device's clock in one boot: how far the server's is ahead of it. The offset is the least of
 * (server - device) over the last 25 to 50 live fixes, kept as two buckets: the least delayed fix tells it best.
 */
export interface DeviceClock {
  /** Least of the bucket being filled, and of the one before it. */
  bucket_ms: number
  former_ms: number
  /** Fixes in the bucket; 0 in both means that nothing is known. */
  bucket_fixes: number
  /** The device's time at its newest live fix, and the server's when that came. */
  device_ms: number
  heard_ms: number
}

export const unknown_clock: Readonly<DeviceClock> = {
  bucket_ms: 0,
  former_ms: 0,
  bucket_fixes: 0,
  device_ms: 0,
  heard_ms: 0,
}

/** Takes in a live fix. `newer`: its number is above all before it; if its time is not, the device's clock was set back. */
export function observeClock(clock: DeviceClock, device_ms: number, server_ms: number, newer: boolean): void {
  const delta_ms = server_ms - device_ms
  const set_back = newer && device_ms < clock.device_ms - limits.fix_future_max_ms
  if (clock.bucket_fixes === 0 || set_back) {
    clock.bucket_ms = clock.former_ms = delta_ms
    clock.bucket_fixes = 1
  } else if (clock.bucket_fixes >= limits.offset_bucket_fixes) {
    clock.former_ms = clock.bucket_ms
    clock.bucket_ms = delta_ms
    clock.bucket_fixes = 1
  } else {
    clock.bucket_ms = Math.min(clock.bucket_ms, delta_ms)
    clock.bucket_fixes += 1
  }
  if (!newer) return
  clock.device_ms = device_ms
  clock.heard_ms = server_ms
}

/** A device's time as the server would have read it; what would then lie in the future is stamped anew with now. */
export function serverTime(clock: Readonly<DeviceClock>, device_ms: number, now_ms: number): number {
  const at_ms = Math.max(0, device_ms + Math.min(clock.bucket_ms, clock.former_ms))
  return at_ms > now_ms + limits.fix_future_max_ms ? now_ms : at_ms
}

/**
 * The latest that it can have been by the server's clock as that is now: so long before the newest live fix came. It is
 * later than `serverTime` when that fix was under way for long, or when the server's clock was set since the offset was
 * learned; nobody can tell which.
 */
export const latestTime = (clock: Readonly<DeviceClock>, device_ms: number, at_ms: number): number =>
  clock.bucket_fixes === 0 ? at_ms : Math.max(at_ms, clock.heard_ms - (clock.device_ms - device_ms))
