import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { beginFirstStart, endFirstStart } from './first_start.ts'

let home = ''
let dir = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kilat-first-'))
  dir = join(home, 'database')
})
afterEach(() => rm(home, { recursive: true, force: true }))

const make = async () => {
  await mkdir(join(dir, 'base'), { recursive: true })
  await writeFile(join(dir, 'PG_VERSION'), '17')
  await writeFile(join(dir, 'base', '1'), 'rows')
}

test('OU6 a first start that was cut short is begun anew, and a whole one never', async () => {
  expect(beginFirstStart(dir)).toBe(true)
  await make()
  expect(beginFirstStart(dir)).toBe(true)
  expect(await readdir(dir)).toEqual([])
  await make()
  endFirstStart(dir)
  expect(beginFirstStart(dir)).toBe(false)
  expect(existsSync(join(dir, 'base', '1'))).toBe(true)
  expect(await readdir(home)).toEqual(['database'])
})
