import { expect, test } from 'vitest'
import { damages, passedOver, unnoticed } from './damage.ts'

test('DF4 a damage that the engine does not speak of is told, and one that changed nothing is none', () => {
  const log = [
    '{"level":50,"shard":3,"n":7,"msg":"a snapshot cannot be read and is passed over"}',
    '{"level":40,"shard":5,"msg":"the outcome of a frame is unknown"}',
  ].join('\n')
  const noticed = passedOver(log)
  expect([...noticed]).toEqual([3])
  const inflicted = [
    { shard: 3, name: 'a', rows: 4 },
    { shard: 4, name: 'b', rows: 0 },
    { shard: 5, name: 'c', rows: 1 },
  ]
  expect(unnoticed(inflicted, noticed)).toEqual(['shard 5: nobody noticed: c'])
})

test('DF4 every damage has a name of its own', () => {
  expect(new Set(damages.map(({ name }) => name)).size).toBe(damages.length)
})
