// No expression that a stranger's text meets takes more than linear time.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { startHttp } from './http/testing.ts'
import { isLinear } from './regexes.given.ts'

const root = join(import.meta.dirname, '..')
const isTest = (name: string) => /(\.(test|given|contract)|testing|sandbox)/.test(name)
const files = ['gateways', 'protocols', 'actors'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !isTest(name))
    .map((name) => join(folder, name)),
)

/** Expressions as literals, and as texts of `pattern`. Divisions have a space on both sides here. */
const literal =
  /(?<=[=(,[:?&|!>]\s?|return )\/(?![*/\s])((?:[^\n/\\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g
const pattern = /pattern:\s*'((?:[^'\\]|\\.)+)'/g

const found = files.flatMap((file) => {
  const code = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  const literals = [...code.matchAll(literal)].map(([, source = '', flags = '']) => new RegExp(source, flags))
  const patterns = [...code.matchAll(pattern)].map(
    ([, text = '']) => new RegExp(text.replaceAll('\\\\', '\\')),
  )
  return [...literals, ...patterns].map((expression) => ({ file, expression }))
})

/** No stranger writes what these read. */
const ours_alone: Readonly<Record<string, string>> = { '\\/+$': 'addresses of the configuration' }

test('AB50 every expression of the doors is linear in its text, whatever the text', () => {
  expect(found.length).toBeGreaterThan(60)
  const slow = found.filter(({ expression }) => !isLinear(expression) && !(expression.source in ours_alone))
  expect(slow.map(({ file, expression }) => `${file}: ${expression}`)).toEqual([])
})

test('AB50 what is known to be slow is found, and what is known to be fast is not', () => {
  const slow = [
    /^(a+)+$/,
    /^(a|a)*$/,
    /^\s*a*\s*$/,
    /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
    /\s+$/,
    /^(a|b|ab)*c$/,
    /a*b/,
    /^.*x.*y$/,
  ]
  for (const expression of slow) expect(isLinear(expression), String(expression)).toBe(false)
  const fast = [
    /^a+$/,
    /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/,
    /^\w+ \w+$/,
    /^(\+?\d{7,15})?$/,
    /x/,
    /^\s+/,
    /\s+/g,
    /^(ab|cd)*$/,
  ]
  for (const expression of fast) expect(isLinear(expression), String(expression)).toBe(true)
})

/** With the square of its length an email of this size took minutes, on the thread that serves everybody. */
test('AB51 a text of the largest size in any field is refused by the same checks, in time for everybody else', async () => {
  const http = await startHttp([])
  try {
    const filler = (text: string) => text.repeat(Math.floor((limits.body_bytes_max - 500) / text.length))
    for (const text of ['.', 'a@', ' ', '@', '0', 'a.', 'a@b.'])
      for (const field of ['email', 'phone', 'full_name']) {
        const body = { email: 'a@b.test', password: 'correct horse', full_name: 'A', role: 'owner' }
        const long = field === 'email' ? `a@${filler(text)}@` : `${filler(text)}!`
        const answered = await http.call('POST', '/api/v1/auth/register', {
          body: { ...body, [field]: long },
        })
        expect(answered.status, `${field} of ${JSON.stringify(text)}`).toBe(400)
      }
  } finally {
    http.stop()
  }
}, 20_000)
