// The words of `kilat`, which are plain JavaScript: read before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

interface Row {
  readonly name: string
  readonly summary: string
  readonly args?: string
  readonly run: string
  readonly open?: boolean
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly about: string }>>
  readonly examples: readonly string[]
}
interface Reading {
  readonly help?: string
  readonly flaw?: string
  readonly row?: Row
  readonly values?: object
  readonly positionals?: readonly string[]
}
const root = process.cwd()
const words = (await import(pathToFileURL(join(root, 'verbs.mjs')).href)) as {
  verbs: readonly Row[]
  read(argv: readonly string[]): Reading
}
const kilat = (...argv: string[]) =>
  spawnSync(process.execPath, [join(root, 'kilat.mjs'), ...argv], { encoding: 'utf8' })

test('KV1 every verb says what it does, what it takes, an example and what its exit codes mean', () => {
  for (const { name, summary, options = {}, examples } of words.verbs) {
    const { help = '' } = words.read([...name.split(' '), '--help'])
    for (const part of [`${name}: ${summary}`, `usage: kilat ${name}`, 'exit codes:', ...examples])
      expect(help).toContain(part)
    for (const [option, { about }] of Object.entries(options)) {
      expect(help).toContain(`--${option}`)
      expect(help).toContain(about)
    }
    expect(examples.every((line) => line.includes(`kilat ${name}`))).toBe(true)
  }
  expect(new Set(words.verbs.map(({ name }) => name)).size).toBe(words.verbs.length)
})

test('KV1 examples are understood', () => {
  const lines = words.verbs.flatMap(({ examples }) => examples)
  const argvOf = (line: string) => line.slice(line.indexOf('kilat ') + 6).split(' ')
  expect(lines.filter((line) => words.read(argvOf(line)).flaw !== undefined)).toEqual([])
})

test('KV2 an unknown verb or option, a missing word and one too many are named', () => {
  const flaws: readonly (readonly [argv: string, flaw: RegExp])[] = [
    ['frobnicate', /no verb frobnicate/],
    ['stat', /is it start or state\?/],
    ['policy', /policy what\? policy show or policy set/],
    ['policy burn', /policy what\?/],
    ['city --frobs 3', /Unknown option '--frobs'/],
    ['city --minutes', /argument missing/],
    ['state booking', /state wants ID/],
    ['keys rotate now', /takes no now/],
  ]
  for (const [argv, flaw] of flaws) expect(words.read(argv.split(' ')).flaw).toMatch(flaw)
})

test('KV2 what is not understood ends with 2 and is told on the error stream; help ends with 0', () => {
  expect(kilat('frobnicate')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('frobnicate'),
  })
  expect(kilat('city', '--frobs')).toMatchObject({ status: 2, stdout: '' })
  expect(kilat('city', '--help')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('usage:'),
  })
  expect(kilat()).toMatchObject({ status: 0, stdout: expect.stringContaining('kilat VERB') })
})

test('KV3 each verb has its program, and each operator’s verb its row there', () => {
  const steps = new Set(['prepare', 'build', 'test'])
  const program = (run: string) => join(root, run.replace(/\.js$/, '.ts'))
  const cli = readFileSync(program('gateways/cli.js'), 'utf8')
  const runs = cli.slice(cli.indexOf('const runs'), cli.indexOf('\n}\n'))
  for (const { name, run, open } of words.verbs) {
    if (run === 'gateways/cli.js') expect(runs).toMatch(new RegExp(`^ {2}'?${name}'?[:,]`, 'm'))
    else if (!steps.has(run) && !open) expect(existsSync(join(root, 'dist', run))).toBe(true)
  }
  const rows = [...runs.matchAll(/^ {2}'?([a-z ]+)'?[:,]/gm)].map(([, name]) => name)
  expect(rows.filter((name) => !words.verbs.some((verb) => verb.name === name))).toEqual([])
})

test('KV3 the options of a program are those of its row', () => {
  const told = (text: string) =>
    [...text.matchAll(/^ +'?([\w-]+)'?: \{ type: '(?:string|boolean)'/gm)].map(([, name]) => name)
  for (const { run, options = {}, open } of words.verbs) {
    if (!run.startsWith('bench/') || open) continue
    const text = readFileSync(join(root, run.replace(/\.js$/, '.ts')), 'utf8').replace(
      /options: \{ (.*) \},$/m,
      (_all, row: string) => row.replaceAll('}, ', '},\n ').replace(/^/, '\n '),
    )
    expect(told(text).sort(), run).toEqual(Object.keys(options).sort())
  }
})
