import { expect, test } from 'vitest'
import { addressText, countedAs, Rate, trustedBy } from './rates.ts'
import { openTables, shared_bytes, TimeTable } from './shared.ts'

const start_ms = 1_790_000_000_000

/** How many of `tries` requests at one moment pass. */
const passing = (rate: Rate, address: string, now_ms: number, tries: number) =>
  Array.from({ length: tries }, () => rate.take(address, now_ms)).filter((wait_ms) => wait_ms === 0).length

test('RL1 a minute holds as many requests as the limit says, and steady polling below it is never locked out', () => {
  const rate = new Rate(openTables().rates, 'gateway', 60)
  expect(passing(rate, '10.0.0.1', start_ms, 100)).toBe(60)
  expect(rate.take('10.0.0.1', start_ms)).toBe(1_000)
  expect(passing(rate, '10.0.0.1', start_ms + 1_000, 10)).toBe(1)
  for (let second = 2; second < 300; second++)
    expect(rate.take('10.0.0.1', start_ms + second * 1_000)).toBe(0)
  expect(passing(rate, '10.0.0.1', start_ms + 1_000_000, 100)).toBe(60)
})

test('RL2 each address and each limit counts for itself', () => {
  const { rates } = openTables()
  const gateway = new Rate(rates, 'gateway', 10)
  const identity = new Rate(rates, 'identity', 5)
  expect(passing(gateway, '10.0.0.1', start_ms, 20)).toBe(10)
  expect(passing(gateway, '10.0.0.2', start_ms, 20)).toBe(10)
  expect(passing(identity, '10.0.0.1', start_ms, 20)).toBe(5)
})

test('RL3 threads that share the memory count together', () => {
  const memory = new SharedArrayBuffer(shared_bytes)
  const [one, other] = [openTables(memory), openTables(memory)].map(
    ({ rates }) => new Rate(rates, 'gateway', 10),
  )
  expect(passing(one as Rate, '10.0.0.1', start_ms, 7)).toBe(7)
  expect(passing(other as Rate, '10.0.0.1', start_ms, 7)).toBe(3)
})

test('RL4 a flood of addresses costs no memory, and forgets the ones that have waited longest', () => {
  const rate = new Rate(new TimeTable(new SharedArrayBuffer(64 * 8), 0, 64), 'gateway', 10)
  for (let index = 0; index < 10_000; index++)
    expect(rate.take(`10.1.${index >> 8}.${index & 255}`, start_ms + index)).toBe(0)
  expect(passing(rate, '10.0.0.1', start_ms + 10_000, 20)).toBe(10)
})

test('RL5 an IPv4 address in IPv6 clothes is one address, and an IPv6 customer is one however many he has', () => {
  const bytes = (...values: number[]) => new Uint8Array(values).buffer
  const mapped = bytes(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 7)
  expect(addressText(mapped)).toBe('192.168.1.7')
  expect(addressText(bytes(192, 168, 1, 7))).toBe('192.168.1.7')
  const six = addressText(bytes(0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9))
  expect(six).toBe('2001:db8:1:2:909:909:909:909')
  expect(countedAs(six)).toBe(countedAs('2001:db8:1:2:1:1:1:1'))
  expect(countedAs(six)).not.toBe(countedAs('2001:db8:1:3:1:1:1:1'))
  expect(countedAs('192.168.1.7')).toBe('192.168.1.7')
})

test('RL6 trusted addresses and blocks are known, and what is neither stops the start', () => {
  const trusted = trustedBy(['127.0.0.1', '10.8.0.0/16', '::1', 'fd00::/8'])
  const known = ['127.0.0.1', '10.8.255.1', '::1', '0:0:0:0:0:0:0:1', 'fd12:0:0:0:0:0:0:1']
  expect(known.filter((address) => !trusted(address))).toEqual([])
  expect(['127.0.0.2', '10.9.0.1', '::2', 'fc00::1', ''].filter(trusted)).toEqual([])
  for (const wrong of ['localhost', '10.0.0.0/x', '10.0.0', ''])
    expect(() => trustedBy([wrong]), wrong).toThrow()
  expect(() => trustedBy(['10.0.0.0/64'])).toThrow()
})

test('RL8 a clock that is set back by an hour locks nobody out for an hour', () => {
  const rate = new Rate(openTables().rates, 'gateway', 60)
  expect(passing(rate, '10.0.0.1', start_ms, 100)).toBe(60)
  const back_ms = start_ms - 3_600_000
  expect(passing(rate, '10.0.0.1', back_ms, 100)).toBe(60)
  expect(passing(rate, '10.0.0.1', back_ms + 10_000, 100)).toBe(10)
})
