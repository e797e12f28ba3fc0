// Every incident file of this folder: what was decided then is decided now, and comes to the same states.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { type Incident, rerun } from '../../gateways/ops/incident.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'))

test('OP9 every incident file is decided today as it was then', () => {
  expect(files.length).toBeGreaterThan(0)
  for (const name of files) {
    const incident = JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as Incident
    const { commands, differing } = rerun(behaviours, incident)
    expect(differing, name).toEqual([])
    expect(commands, name).toBeGreaterThan(0)
  }
})
