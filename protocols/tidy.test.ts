import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from './catalogue.ts'

/** The architecture: the folders and the packages (or scopes) that a folder may import besides itself. */
// biome-ignore format: a table reads better as one
const may_import: Readonly<Record<string, { readonly folders: readonly string[]; readonly packages: readonly string[] }>> = {
  protocols:   { folders: [],                      packages: ['typebox', 'msgpackr'] },
  actors:      { folders: ['protocols'],           packages: ['h3-js'] },
  engine:      { folders: ['protocols'],           packages: ['h3-js', 'node:'] },
  persistence: { folders: ['protocols', 'engine'], packages: ['typebox', 'node:', '@nats-io', 'postgres', 'pg', 'node-pg-migrate', '@electric-sql'] },
  gateways:    { folders: ['protocols', 'engine'], packages: ['typebox', 'node:', 'jose', 'oidc-provider', '@node-rs', 'ws', 'web-push', 'pino', 'prom-client', '@opentelemetry', 'stripe'] },
}
/** They join what the table keeps apart; bench joins everything as well, and nothing imports bench. */
const composition_roots = new Set(['gateways/main.ts', 'gateways/cli.ts'])
const pure = new Set(['protocols', 'actors'])
const impure =
  /\bDate\b|Math\.random|setTimeout|setInterval|setImmediate|\bperformance\b|\bprocess\.|\bconsole\./
/** The engine's outside comes in through `Env`: production's and its stepped twin alone may name it. */
const environments = new Set(['engine/system_env.ts', 'engine/clock.ts'])
const reads_environment = /\bprocess\.env\b/
const may_read_environment = /^(gateways\/(main|cli)\.ts|bench\/|persistence\/testing\.ts)/
/** They start programs, each of which ends with its parent: by its input, by its channel, or by a companion. */
const starters = new Set([
  'kilat.mjs',
  'persistence/embedded/guarded.ts',
  'persistence/embedded/programs.ts',
  'persistence/embedded/embedded.ts',
  'persistence/embedded/guarded.test.ts',
  'gateways/stripe/sandbox/process.ts',
  'bench/drills/child.ts',
  'bench/drill/outage/disk.ts',
  'bench/load/pinger_process.ts',
  'bench/benches/recover.ts',
])
const starts_programs =
  /import \{[^}]*\b(spawn|fork|exec|execFile)\b[^}]*\} from '(node:)?child_process'|import\s+[\w*][^{}\n]* from '(node:)?child_process'|(import|require)\('(node:)?child_process'\)/
const lines_max = 400

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
/** Without comments: what is said about a clock uses none. */
const codeOf = (file: string) => read(file).replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '')
const folderOf = (path: string) => path.split('/')[0] as string
const packageOf = (specifier: string) => (specifier.startsWith('node:') ? 'node:' : folderOf(specifier))
const isTest = (file: string) => /(\.(test|contract|given)|\/(given|testing|.*_testing))\.ts$/.test(file)
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2]) as string)
const importsOf = (file: string) =>
  matches(read(file), /^(?:import|export)[^'\n]*(?:\n[^'\n]*)*?from '([^']+)'|import\('([^']+)'\)/gm)

const files = [...Object.keys(may_import), 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)
const code = files.filter((file) => !isTest(file))

function mayImport(file: string, specifier: string) {
  const row = may_import[folderOf(file)]
  if (!row) return true
  if (!specifier.startsWith('.')) return row.packages.includes(packageOf(specifier))
  const to = folderOf(relative(root, join(root, dirname(file), specifier)))
  return to === folderOf(file) || row.folders.includes(to)
}

test('TD1 layers point one way, and a driver stays in its layer', () => {
  const strays = code
    .filter((file) => !composition_roots.has(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((to) => !mayImport(file, to))
        .map((to) => `${file} -> ${to}`),
    )
  expect(strays).toEqual([])
  expect(code.flatMap(importsOf).length).toBeGreaterThan(300)
})

test('TD2 protocols and actors have no clock, no chance and no IO', () => {
  expect(code.filter((file) => pure.has(folderOf(file)) && impure.test(codeOf(file)))).toEqual([])
})

test('TD3 the engine touches the outside only through Env', () => {
  const engine = code.filter((file) => folderOf(file) === 'engine' && !environments.has(file))
  expect(engine.filter((file) => impure.test(codeOf(file)))).toEqual([])
})

test('TD4 one file reads the environment, and hands it on as values', () => {
  const readers = code.filter((file) => reads_environment.test(codeOf(file)))
  expect(readers.filter((file) => !may_read_environment.test(file))).toEqual([])
})

test('TD5 files stay small', () => {
  expect(files.filter((file) => read(file).split('\n').length > lines_max)).toEqual([])
})

test('TD6 SPEC.md and the tests name the same rules', () => {
  const stated = matches(read('protocols/SPEC.md'), /^- \*\*([A-Z]{2}\d+)\*\*/gm)
  const shown = files
    .filter(isTest)
    .flatMap((file) => matches(read(file), /^\s*\w+(?:\.each\([^)]*\))?\(\s*[`'"]([A-Z]{2}\d+) /gm))
  expect([...new Set(shown)].sort()).toEqual(stated.sort())
})

test('TD7 every command of an actor occurs in its test', () => {
  const shown = files
    .filter((file) => file.startsWith('actors/') && isTest(file))
    .map(read)
    .join('\n')
  expect(Object.keys(commands).filter((name) => !shown.includes(`'${name}'`))).toEqual([])
})

test('TD8 a program is started only where its life is bound to that of its parent', () => {
  const programs = readdirSync(root).filter((name) => name.endsWith('.mjs'))
  const found = [...files, ...programs].filter((file) => starts_programs.test(read(file)))
  expect(found.sort()).toEqual([...starters].sort())
})
