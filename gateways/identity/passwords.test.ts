import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { hashPassword, verifyPassword } from './passwords.ts'

test('AB41 passwords are hashed one at a time, so that files, names and loops do not wait for a rush of them', async () => {
  let hashed = 0
  const rush = Array.from({ length: 24 }, async (_, index) => {
    const hash = await hashPassword(`password ${index}`)
    hashed += 1
    return hash
  })
  await readFile(import.meta.filename)
  expect(hashed).toBeLessThan(8)
  const [first] = await Promise.all(rush)
  expect(hashed).toBe(24)
  expect(await verifyPassword(String(first), 'password 0')).toBe(true)
  expect(await verifyPassword(String(first), 'password 1')).toBe(false)
})
