import { expect, test } from 'vitest'
import { humanLine, openLog } from './log.ts'

function lines(level: 'debug' | 'warn' = 'debug') {
  const written: string[] = []
  const log = openLog(level, 'worker 1', { write: (line) => void written.push(line) })
  return { log, written, last: () => JSON.parse(written.at(-1) ?? '{}') as Record<string, unknown> }
}

test('OB1 a line is one JSON object', () => {
  const { log, written, last } = lines()
  log('warn', 'a frame is late', { shard: 3, frame: 'f:3:1:7' })
  expect(written).toHaveLength(1)
  expect(written[0]).toMatch(/^\{.*\}\n$/)
  expect(last()).toEqual({
    level: 'warn',
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    where: 'worker 1',
    what: 'a frame is late',
    shard: 3,
    frame: 'f:3:1:7',
  })
})

test('OB1 lines below the level are not made', () => {
  const { log, written } = lines('warn')
  log('info', 'nothing')
  log('error', 'something')
  expect(written).toHaveLength(1)
})

test('OB2 a field with the name of a secret is struck out', () => {
  const { log, last } = lines()
  log('info', 'login', { password: 'hunter2', token: 'abc', authorization: 'Basic xyz', user: 'mei' })
  expect(last()).toMatchObject({
    password: '[redacted]',
    token: '[redacted]',
    authorization: '[redacted]',
    user: 'mei',
  })
})

const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln'
test.each([
  ['an address with a password', 'postgres://kilat:hunter2@db:5432/kilat', 'hunter2'],
  ['a bearer token', 'Authorization: Bearer abc.def-123', 'abc.def-123'],
  ['a JWT', `the token ${jwt} is not valid`, jwt],
  [
    'a key of a payment service',
    'sk_test_4eC39HqLyjWDarjtT1zdp7dc refused',
    'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
  ],
  ['a token in a query', `GET /ws/runner?token=${jwt}&format=json`, jwt],
])('OB2 %s is struck out of the text and of the fields', (_what, text, secret) => {
  const { log, written } = lines()
  log('error', text, { cause: text })
  expect(written[0]).not.toContain(secret)
  expect(written[0]).toContain('[redacted]')
})

test('OB3 a line for people is short and in order', () => {
  const line = JSON.stringify({
    level: 'warn',
    at: '2026-11-22T22:41:07.123Z',
    where: 'main',
    what: 'late',
    shard: 3,
  })
  expect(humanLine(line)).toBe('22:41:07 warn  main: late (shard=3)\n')
  const bare = JSON.stringify({ level: 'error', at: '2026-11-22T22:41:07.123Z', where: 'main', what: 'gone' })
  expect(humanLine(bare)).toBe('22:41:07 error main: gone\n')
})
