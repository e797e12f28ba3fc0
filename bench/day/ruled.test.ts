import { expect, test } from 'vitest'
import { whatif } from '../../gateways/ops/whatif/whatif.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { north, Street } from './street.given.ts'

test('WI8 who is looked for is found by the version that ruled then', async () => {
  const street = await new Street().open()
  const runner = await street.runner(north(1))
  await street.minutes(1)
  const from = street.now
  const lax = { ...firstPolicy, version: 2, rating_min: 1 }
  for (const policy of [firstPolicy, lax]) {
    street.policy = policy
    const booking = await street.book(north(0), north(-3))
    await street.carries(runner, booking, 2)
    await street.rates(booking, 2)
    await street.minutes(5)
  }
  const policyAt = (version: number) => (version === 2 ? lax : firstPolicy)
  const here = street.desk({ policyAt, files: { 'next.json': JSON.stringify({ ...lax, version: 3 }) } })
  await here.policies.append(lax)
  const told = await here.json(whatif, [], { policy: 'next.json', from, to: street.now })
  // Two stars are too few for the first version: by the second he took the second booking all the same.
  expect(told.baseline.all).toMatchObject({ asked: 2, assigned: 2 })
})
