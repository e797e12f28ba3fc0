import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { livingMb } from './heap.ts'
import { driftOf, residentMb } from './memory.ts'
import { isSlowed, pacedOf } from './pace.ts'

const samples = (mbAt: (minute: number) => number) =>
  Array.from({ length: 31 }, (_, minute) => ({ at_ms: minute * 60_000, mb: mbAt(minute) }))

test('DF6 memory that grows is told from memory that breathes, and from a warm-up', () => {
  expect(driftOf(samples((minute) => 200 + 5 * minute))).toBe(300)
  expect(driftOf(samples((minute) => (minute < 10 ? 100 + 20 * minute : 300)))).toBe(0)
  expect(Math.abs(driftOf(samples((minute) => 300 + (minute % 2 === 0 ? 20 : -20))))).toBeLessThan(60)
  expect(residentMb(process.pid)).toBeGreaterThan(10)
  expect(residentMb(0)).toBe(0)
})

test('DF6 honest clients who wait for longer than is allowed are told, unless they did before', () => {
  const at = (p99_ms: number) => ({ asked: 100, failed: 0, p99_ms })
  expect(isSlowed(at(5), at(99), 100)).toBe(false)
  expect(isSlowed(at(5), at(150), 100)).toBe(true)
  expect(isSlowed(at(120), at(150), 100)).toBe(false)
  const took_ms = Array.from({ length: 1_000 }, (_, index) => index + 1)
  expect(pacedOf(took_ms, 2)).toEqual({ asked: 1_000, failed: 2, p99_ms: 990 })
})

test('DF6 what lives in an engine is the sum over its threads, once each has told, and of no other process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kilat-heap-'))
  const path = join(folder, 'told')
  const told = (at_ms: number, pid: number, thread: number, mb: number) =>
    JSON.stringify({ at_ms, pid, thread, bytes: mb * 1024 ** 2 })
  try {
    const lines = [
      told(1, 7, 0, 20),
      told(2, 8, 0, 500),
      told(3, 7, 1, 50),
      told(4, 7, 0, 21),
      told(5, 7, 1, 49),
    ]
    writeFileSync(path, `${lines.join('\n')}\n`)
    expect(livingMb(path, 7)).toEqual([
      { at_ms: 3, mb: 70 },
      { at_ms: 4, mb: 71 },
      { at_ms: 5, mb: 70 },
    ])
    expect(livingMb(path, 9)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
