import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { Unexpected } from './demo/narrator.ts'
import { type Ending, playAll, scenesOf } from './demo/play.ts'
import { onStage } from './demo/stage.ts'
import { Stack } from './stack.ts'

let nats: TestNats
let database: TestDatabase
let stack: Stack
beforeAll(async () => {
  ;[nats, database] = await Promise.all([startNats(), startDatabase()])
  const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
  stack = await Stack.create({ workers: 2, stores })
  await stack.start()
}, 180_000)
afterAll(async () => {
  await stack?.stop()
  await database?.stop()
  await nats?.stop()
}, 60_000)

async function played(
  scenes: ReturnType<typeof scenesOf>,
): Promise<{ endings: readonly Ending[]; text: string }> {
  const lines: string[] = []
  const place = {
    url: `http://127.0.0.1:${stack.port}`,
    nats_url: nats.url,
    sandbox_url: stack.endpoints.stripe_url ?? '',
  }
  const endings = await onStage(
    place,
    (line) => lines.push(line),
    (stage) => playAll(stage, scenes),
  )
  return { endings, text: lines.join('\n') }
}
const flaws = (endings: readonly Ending[]) => endings.filter(({ flaw }) => flaw !== undefined)

test('DM1 the journey is played to its end, and each step shows its call, its event and the money', async () => {
  const { endings, text } = await played(scenesOf(false, true))
  expect(flaws(endings)).toEqual([])
  for (const shown of [
    /http +POST \/api\/v1\/bookings\/[0-9a-f]{8}\/confirm +200 +Aisyah: completed/,
    /event +booking\.completed +on booking\.events\.[0-9a-f]{8}\.completed/,
    /money +unpaid/,
    /money +held MYR 739\.48/,
    /event +payment\.escrow_released +on payment\.events\.[0-9a-f]{8}\.escrow_released/,
    /money +released MYR 739\.48, fee 110\.92, payout 628\.56/,
    /GeoJSON: a line of 15 places, 3\d\d\.\d{3} km/,
    /audit: delivered +-> completed/,
  ])
    expect(text).toMatch(shown)
}, 120_000)

test('DM2 the fares are asked of the engine, and are those of the contract', async () => {
  const { endings, text } = await played({
    fares: scenesOf(false, true)['Fares in Johor and Kuala Lumpur'] ?? fail,
  })
  expect(flaws(endings)).toEqual([])
  for (const fare of ['MYR 739.48', 'MYR 22.10', 'MYR 63.38', 'MYR 7.00', 'MYR 25.37', 'MYR 30.88'])
    expect(text).toContain(fare)
}, 120_000)

const scenes = Object.entries(scenesOf(true, true))
test.each(scenes)(
  'DM3 %s',
  async (title, scene) => {
    const { endings } = await played({ [title]: scene })
    expect(endings).toEqual([{ title, flaw: undefined }])
  },
  120_000,
)

test('DM4 a scene that goes otherwise says what, and the next one is played', async () => {
  const { endings, text } = await played({
    first: async ({ told }) => told.expect('the sum', 3, 4),
    second: fail,
    third: async ({ told }) => told.say('note', 'played'),
  })
  expect(endings.map(({ flaw }) => flaw)).toEqual(['the sum: 3 instead of 4', 'wrong', undefined])
  expect(text).toContain('played')
})

async function fail(): Promise<void> {
  throw new Unexpected('wrong')
}
