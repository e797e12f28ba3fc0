import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

test('AB80 each line of the threat table names rules that exist, and every letter of STRIDE has its lines', () => {
  const stated = new Set(
    [...read('protocols/SPEC.md').matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, id]) => id),
  )
  const section = /\n## Threats\n([\s\S]*?)(?=\n## )/.exec(`${read('ARCHITECTURE.md')}\n## `)?.[1] ?? ''
  const rows = section.split('\n').filter((line) => /^\| [STRIDE] \|/.test(line))
  expect(rows.length).toBeGreaterThan(25)
  expect([...new Set(rows.map((row) => row[2]))].sort().join('')).toBe('DEIRST')
  for (const row of rows) {
    const held_by =
      row
        .split('|')
        .at(-2)
        ?.match(/\b[A-Z]{2}\d+\b/g) ?? []
    expect(held_by.length, row).toBeGreaterThan(0)
    expect(
      held_by.filter((id) => !stated.has(id)),
      row,
    ).toEqual([])
  }
})
