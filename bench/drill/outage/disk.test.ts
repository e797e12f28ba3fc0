import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Disk, diskTrouble } from './disk.ts'
import { wrongRaw } from './powercut.ts'
import { cutRawLog } from './unsynced.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kilat-cut-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** Where disks cannot be made the reason is the rule: a drill that needs one is then not run, and says so. */
const trouble = await diskTrouble()

test('OU10 a power cut takes what a log acked before it synced, and nothing from one that syncs', async () => {
  if (trouble !== undefined) return expect(trouble).toMatch(/mount/)
  expect(await cutRawLog(dir, true)).toMatchObject({ lost: 0 })
  expect((await cutRawLog(dir, false)).lost).toBeGreaterThan(0)
})

test('OU10 a cut that takes from a log that syncs, or nothing from one that does not, fails the drill', () => {
  const [whole, torn] = [
    { acked: 9, lost: 0 },
    { acked: 9, lost: 4 },
  ]
  expect(wrongRaw(whole, torn)).toEqual([])
  expect(wrongRaw(torn, torn)).toHaveLength(1)
  expect(wrongRaw(whole, whole)).toHaveLength(1)
})

test('OU10 a disk is taken away with all its images', async () => {
  if (trouble !== undefined) {
    await expect(Disk.make(dir, join(dir, 'disk'), 16)).rejects.toThrow()
    return
  }
  const disk = await Disk.make(dir, join(dir, 'disk'), 16)
  await disk.boot(await disk.cut())
  await disk.remove()
  expect(await readdir(dir)).toEqual(['disk'])
  expect(await readdir(join(dir, 'disk'))).toEqual([])
})
