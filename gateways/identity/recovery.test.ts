import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { limits } from '../../protocols/limits.ts'
import { startHttp, type TestHttp } from '../http/testing.ts'
import { forgetLetters, openOutbox } from './mail.ts'

const email = 'mina@kilat.test'
const password = 'correct horse'
let http: TestHttp
beforeEach(async () => {
  http = await startHttp([])
  await post('register', { email, password, full_name: 'Mina', role: 'owner' })
})
afterEach(() => http.stop())

const post = (path: string, body: unknown) => http.call('POST', `/api/v1/auth/${path}`, { body })
const logsIn = async (with_password: string) =>
  (await post('login', { email, password: with_password })).status === 200

/** The token of the only letter, once it is written. */
async function tokenSent(): Promise<string> {
  await post('forgot-password', { email: ` ${email.toUpperCase()}` })
  await http.env.advance(0)
  const letter = http.letters.splice(0).at(-1)
  expect(letter?.to).toBe(email)
  return /\b[0-9a-f]{64}\b/.exec(letter?.text ?? '')?.[0] ?? ''
}

test('ST50 who forgot his password is always answered 202 without a body', async () => {
  for (const body of [{ email }, { email: 'nobody@kilat.test' }, { email: 7 }, {}])
    expect(await post('forgot-password', body)).toMatchObject({ status: 202, text: '' })
  expect((await post('forgot-password', '{')).status).toBe(400)
  await http.env.advance(0)
  expect(http.letters.map(({ to }) => to)).toEqual([email])
})

test('ST51 the letter’s code sets a new password once, and ends every refresh token', async () => {
  const { body } = await post('login', { email, password })
  const { refresh_token } = body.data as { refresh_token: string }
  const token = await tokenSent()
  expect((await post('reset-password', { token, newPassword: 'short' })).status).toBe(400)
  expect(await logsIn(password)).toBe(true)
  const done = await post('reset-password', { token, newPassword: 'a new horse' })
  expect(done).toMatchObject({ status: 200, body: { data: { message: 'password changed' } } })
  expect(await logsIn(password)).toBe(false)
  expect(await logsIn('a new horse')).toBe(true)
  expect((await post('refresh', { refresh_token })).status).toBe(401)
  expect(await post('reset-password', { token, newPassword: 'another horse' })).toMatchObject({
    status: 400,
    body: { code: 'auth.reset_invalid' },
  })
})

test('ST52 a code ends after an hour, with the next one, and is nothing else than what was sent', async () => {
  const first = await tokenSent()
  const second = await tokenSent()
  const reset = async (token: string) =>
    (await post('reset-password', { token, newPassword: 'a new horse' })).status
  expect(await reset(first)).toBe(400)
  expect(await reset('0'.repeat(64))).toBe(400)
  await http.env.advance(limits.reset_token_ms)
  expect(await reset(second)).toBe(400)
  expect(await logsIn(password)).toBe(true)
})

test('ST53 an account gets few letters, and then no more for a while', async () => {
  for (let index = 0; index < 10; index++) await post('forgot-password', { email })
  await http.env.advance(0)
  expect(http.letters).toHaveLength(limits.reset_mail_burst)
  await http.env.advance(limits.reset_mail_each_ms)
  await post('forgot-password', { email })
  await http.env.advance(0)
  expect(http.letters).toHaveLength(limits.reset_mail_burst + 1)
})

test('ST54 a letter is a file that only its owner reads, and the log does not tell what is in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kilat-outbox-'))
  try {
    const env = new SteppedEnv()
    const mail = openOutbox(folder, env)
    for (let index = 0; index < limits.outbox_mails_max + 5; index++) {
      await env.advance(1)
      await mail.send({ to: email, subject: 'Hello', text: `code ${index} secret` })
    }
    const files = (await readdir(join(folder, 'outbox'))).sort()
    expect(files).toHaveLength(limits.outbox_mails_max)
    const last = join(folder, 'outbox', files.at(-1) ?? '')
    expect(JSON.parse(await readFile(last, 'utf8'))).toEqual({
      to: email,
      subject: 'Hello',
      text: `code ${limits.outbox_mails_max + 4} secret`,
    })
    expect((await stat(last)).mode & 0o777).toBe(0o600)
    expect(JSON.stringify(env.lines)).not.toContain('secret')
    expect(JSON.stringify(env.lines)).not.toContain(email)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('ST55 letters to one address are forgotten, whatever else lies in the outbox', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kilat-outbox-'))
  try {
    const env = new SteppedEnv()
    const mail = openOutbox(folder, env)
    for (const to of [email, 'other@kilat.test', email])
      await mail.send({ to, subject: 'Hello', text: 'code' })
    const outbox = join(folder, 'outbox')
    await writeFile(join(outbox, '.1-draft.json'), JSON.stringify({ to: email, subject: 'Hello', text: 'x' }))
    await writeFile(join(outbox, '.2-half.json'), '{"to":')
    expect(await forgetLetters(folder, email)).toBe(3)
    const left = await Promise.all(
      (await readdir(outbox)).map((name) => readFile(join(outbox, name), 'utf8')),
    )
    expect(left.join('')).toContain('other@kilat.test')
    expect(left.join('')).not.toContain(email)
    expect(await forgetLetters(join(folder, 'nowhere'), email)).toBe(0)
  } finally {
    await rm(folder, { recursive: true })
  }
})
