#!/usr/bin/env node
// The one way in, without dependencies: `node kilat.mjs <verb>` brings what is missing to this folder, then does the verb.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { read } from './verbs.mjs'

const { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } = fs
const { realpathSync, renameSync, rmSync, statSync, writeFileSync } = fs
const root = dirname(fileURLToPath(import.meta.url))
const own = join(root, '.kilat')
const windows = process.platform === 'win32'
const program = windows ? 'nats-server.exe' : 'nats-server'
const nats = {
  least: '2.14.5',
  release: '2.15.1',
  site: 'https://github.com/nats-io/nats-server/releases/download',
}
const source_folders = ['protocols', 'actors', 'engine', 'persistence', 'gateways', 'bench']

// Never into what a verb puts out, which may be read by a program.
const say = (text) => console.error(`kilat: ${text}`)
const hash = (...parts) => parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest('hex')
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const folder = (...parts) => {
  const dir = join(...parts)
  mkdirSync(dir, { recursive: true })
  return dir
}
const textOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** A trouble that the person at the keyboard can do something about: printed without a stack. */
class Trouble extends Error {}

/** Becomes the program under the same process id; a companion ends it when we are gone (`persistence/embedded/guarded.ts`). */
const guard = 'exec 3<&0; (read -r end; kill -s TERM $$) <&3 >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'

/** Runs to the end, its own or ours; the output goes to ours. Resolves with the exit code. */
function run(command, args, options = {}) {
  const [first, ...rest] = windows ? [command, ...args] : ['/bin/sh', '-c', guard, '-', command, ...args]
  const stdio = [windows ? 'ignore' : 'pipe', 'inherit', 'inherit']
  return new Promise((resolve, reject) => {
    const child = spawn(first, rest, { cwd: root, stdio, ...options })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1))
  })
}
const tool = (path, ...args) => run(process.execPath, [join(root, 'node_modules', path), ...args])

/** Whether node_modules holds the very versions of the lock file; npm writes its own copy last, so a torn install is stale. */
function packagesFresh() {
  const path = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(path)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(path, 'utf8')).packages
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    if (name === '') return true
    return present[name] === undefined ? optional === true : present[name].version === version
  })
}

async function packages() {
  say('packages: npm ci, since node_modules is not as package-lock.json says')
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  const code = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args])
    : await run('npm', args, { shell: windows })
  if (code !== 0) throw new Trouble(`npm ci ended with ${code}: is the package registry reachable?`)
}

const built = join(root, 'dist', '.kilat-build')
const bundler = join(root, 'bundle.mjs')

/** Names, sizes and times of all that the compiler reads. */
function sourcesHash() {
  const files = source_folders
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) =>
      readdirSync(join(root, name), { recursive: true }).map((file) => join(root, name, file)),
    )
    .filter((file) => file.endsWith('.ts'))
  const lines = [...files, bundler, join(root, 'tsconfig.json'), join(root, 'package-lock.json')].map(
    (file) => {
      const { size, mtimeMs } = statSync(file)
      return `${relative(root, file)} ${size} ${mtimeMs}`
    },
  )
  return hash(...lines.sort())
}
const buildFresh = () => textOf(built) === sourcesHash()

/** The compiler writes JavaScript even where types do not fit; `strict` says whether that ends the verb. */
async function build({ strict }) {
  const sources = sourcesHash()
  const began = performance.now()
  const typed = await tool('typescript/bin/tsc', '-p', '.')
  const code = (await run(process.execPath, [bundler])) || typed
  if (code === 0) writeFileSync(built, sources)
  else if (strict) throw new Trouble('the build failed: see the errors above')
  say(`build: ${code === 0 ? 'done' : 'with errors'} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

/** Its version when it runs here and is new enough. */
function natsVersion(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  const version = /v(\d+\.\d+\.\d+)/.exec(status === 0 ? stdout : '')?.[1]
  if (version === undefined) return undefined
  const [have, least] = [version, nats.least].map((text) => text.split('.').map(Number))
  const first = have.findIndex((part, i) => part !== least[i])
  return first === -1 || have[first] > least[first] ? version : undefined
}
const placeOf = (bin) => join(bin, program)
const natsThere = (bin) => natsVersion('nats-server') ?? natsVersion(placeOf(bin))

/** Moves a program into place in one step, so that nobody ever starts half of it. */
function place(from, bin) {
  const fresh = join(folder(bin), `.${program}.${process.pid}`)
  copyFileSync(from, fresh)
  chmodSync(fresh, 0o755)
  const version = natsVersion(fresh)
  if (version === undefined) {
    rmSync(fresh)
    throw new Error(`the program does not run here, or is older than ${nats.least}`)
  }
  renameSync(fresh, placeOf(bin))
  return version
}

async function download(url, timeout_ms) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeout_ms) })
  if (!answer.ok) throw new Error(`${answer.status} for ${url}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** The official release for this machine, when its checksum is the published one. */
export async function fromRelease({ site, bin, work }) {
  const arch = { x64: 'amd64', arm64: 'arm64', arm: 'arm7', ia32: '386', s390x: 's390x', ppc64: 'ppc64le' }[
    process.arch
  ]
  const name = `nats-server-v${nats.release}-${windows ? 'windows' : process.platform}-${arch}`
  const sums = (await download(`${site}/v${nats.release}/SHA256SUMS`, 5_000)).toString('utf8')
  const sum = sums
    .split('\n')
    .find((line) => line.trim().endsWith(`${name}.tar.gz`))
    ?.trim()
    .split(/\s+/)[0]
  if (sum === undefined) throw new Error(`there is no release ${name}`)
  const archive = await download(`${site}/v${nats.release}/${name}.tar.gz`, 180_000)
  if (hash(archive) !== sum) throw new Error(`the checksum of ${name}.tar.gz is wrong`)
  writeFileSync(join(folder(work), 'release.tar.gz'), archive)
  if (spawnSync('tar', ['-xzf', 'release.tar.gz'], { cwd: work }).status !== 0) throw new Error('tar failed')
  return place(join(work, name, program), bin)
}

/** The field of the stanza, with its further lines, or of the one-line entry, that names the keys of a mirror. */
function signedBy(sources, uri) {
  const names = (text) => text.split(/\s+/).some((word) => word.replace(/\/$/, '') === uri.replace(/\/$/, ''))
  const stanza = sources.split(/\n\s*\n/).find((text) => /^URIs:/m.test(text) && names(text)) ?? ''
  const line = sources.split('\n').find((text) => /^deb\s/.test(text) && names(text)) ?? ''
  const option = /signed-by=([^\s\]]+)/i.exec(line)?.[1]
  return /^Signed-By:.*(\n[ \t]+.*)*/m.exec(stanza)?.[0] ?? (option && `Signed-By: ${option}`) ?? ''
}

/** The Debian mirrors that this machine is set up with, as stanzas that ask them for every suite a newer package may be in. */
export function mirrorStanzas(targets, read) {
  const stanzas = targets.split('\n').flatMap((line) => {
    const [uri, release, component, entry] = line.split('|')
    if (component !== 'main' || !/^[a-z]+$/.test(release)) return []
    const suites = 'Types: deb\nSuites: unstable testing stable-backports stable\nComponents: main'
    return [`${suites}\nURIs: ${uri}\n${signedBy(read(entry.replace(/:\d+$/, '')), uri)}`.trim()]
  })
  return [...new Set(stanzas)]
}

/** The newest package of the machine's own mirror, checked by apt against the machine's own keys, unpacked but not installed. */
function fromDebian({ bin, work }) {
  if (!/^ID=debian$/m.test(textOf('/etc/os-release'))) throw new Error('this is no Debian')
  const columns = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)'
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', columns, 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  const stanzas = mirrorStanzas(stdout ?? '', textOf)
  if (stanzas.length === 0) throw new Error('apt is set up with no Debian mirror')
  const apt = folder(work)
  folder(apt, 'lists', 'partial')
  folder(apt, 'cache', 'archives', 'partial')
  writeFileSync(join(apt, 'mirror.sources'), `${stanzas.join('\n\n')}\n`)
  writeFileSync(join(apt, 'status'), '')
  const settings = {
    'Dir::Etc::SourceList': join(apt, 'mirror.sources'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'APT::Sandbox::User': 'root',
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const aptGet = (...args) =>
    spawnSync('apt-get', [...options, ...args], { cwd: apt, encoding: 'utf8', timeout: 300_000 })
  // A suite that a mirror does not carry is no reason to give up: what counts is that a package comes out.
  const update = aptGet('-q', 'update')
  const got = aptGet('-q', 'download', 'nats-server')
  const deb = readdirSync(apt).find((name) => name.endsWith('.deb'))
  if (got.status !== 0 || deb === undefined)
    throw new Error(`apt: ${(got.stderr || update.stderr).trim().split('\n').at(-1)}`)
  if (spawnSync('dpkg', ['-x', deb, 'unpacked'], { cwd: apt }).status !== 0) throw new Error('dpkg -x failed')
  const found = ['usr/sbin', 'usr/bin'].map((dir) => join(apt, 'unpacked', dir, program)).find(existsSync)
  if (found === undefined) throw new Error(`${deb} holds no nats-server`)
  return place(found, bin)
}

/** Brings nats-server into `bin` from the first place that has it. */
async function natsServer(bin) {
  const troubles = []
  for (const [where, bring] of [
    ['the official release', fromRelease],
    ["this machine's Debian mirror", fromDebian],
  ]) {
    say(`nats-server: trying ${where}`)
    const work = join(own, `fetch-${process.pid}`)
    try {
      return say(
        `nats-server: ${await bring({ site: nats.site, bin, work })} in ${relative(root, bin)}, from ${where}`,
      )
    } catch (error) {
      const reason = error.cause?.code ?? error.message
      troubles.push(`  ${where}: ${reason}`)
      say(`nats-server: not from ${where} (${reason})`)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  throw new Trouble(
    `nats-server ${nats.least} or newer is needed, and could not be fetched:\n${troubles.join('\n')}\n` +
      `Put it on PATH or at ${placeOf(bin)}, or set NATS_URL to a server with JetStream and sync_interval: always.`,
  )
}

const alive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Takes the lock, or says who has it; the lock of a dead process goes away, and the next try may succeed. */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return 'taken'
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  const holder = textOf(lock)
  if (Number(holder) > 0 && alive(Number(holder))) return holder
  // An empty one is just being written, unless its writer died: then it is old.
  const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
  if (holder !== '' || Date.now() - mtimeMs > 5_000) clear(lock, holder)
  return holder
}

/** Moves the lock aside before it is removed: another may have cleared and taken it meanwhile, who gets it back. */
function clear(lock, holder) {
  const aside = `${lock}.${process.pid}`
  try {
    renameSync(lock, aside)
    if (textOf(aside) !== holder) linkSync(aside, lock)
  } catch {
    // Someone else was quicker; the next try tells.
  }
  rmSync(aside, { force: true })
}

/** Two verbs that start together must not install over each other: the second waits for the first. */
async function alone(work) {
  const lock = join(folder(own), 'prepare.lock')
  const until = performance.now() + 600_000
  let told = ''
  for (let holder = take(lock); holder !== 'taken'; holder = take(lock)) {
    if (performance.now() > until)
      throw new Trouble(`process ${holder} prepares since ten minutes: see ${lock}`)
    if (holder !== told) say(`waiting for process ${holder}, which prepares this folder`)
    told = holder
    await wait(200)
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Everything that is missing, and nothing else: a second time it takes milliseconds. */
export async function prepare({ install = true, strict = true, stores = true, silent = false } = {}) {
  const bin = join(own, 'bin')
  const steps = [
    [() => !install || packagesFresh(), packages, 'packages'],
    [buildFresh, () => build({ strict }), 'build'],
    [() => !stores || natsThere(bin) !== undefined, () => natsServer(bin), 'nats-server'],
  ]
  if (steps.every(([fresh]) => fresh()))
    return silent ? undefined : say('packages, build and nats-server are up to date')
  await alone(async () => {
    for (const [fresh, make, name] of steps) {
      if (fresh()) say(`${name}: up to date`)
      else await make()
    }
  })
}

/** For the test runner when it is started by itself: the tests start compiled programs. */
export const setup = () => prepare({ install: false, strict: false })

/** Counts of a run of the tests; a file that does not even load counts as one failure. */
function totals(path) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  const skipped = report.numPendingTests + report.numTodoTests
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length, skipped }
}

async function test(args) {
  const result = join(own, `tests-${process.pid}.json`)
  await prepare({ strict: false })
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${result}`]
  const checks = {
    types: () => tool('typescript/bin/tsc', '-p', '.', '--noEmit'),
    lint: () => tool('@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
    tests: () => tool('vitest/vitest.mjs', 'run', ...reports, ...args),
  }
  const codes = {}
  for (const [name, check] of Object.entries(checks)) {
    say(`check: ${name}`)
    codes[name] = await check()
  }
  const { passed, failed, skipped } = totals(result)
  rmSync(result, { force: true })
  const broken = Object.keys(codes).filter((name) => codes[name] !== 0)
  // A check that failed, and a run that failed without a failed test, count as one failure each.
  const others = broken.filter((name) => name !== 'tests' || failed === 0).length + (skipped > 0 ? 1 : 0)
  for (const name of Object.keys(codes)) say(`check: ${name} ${codes[name] === 0 ? 'passed' : 'FAILED'}`)
  if (skipped > 0) say(`${skipped} tests were skipped, which counts as a failure`)
  console.log(`${passed} passed, ${failed + others} failed`)
  return failed + others === 0 ? 0 : 1
}

/** Loads the program into this process, so that signals and the exit code are its own. */
async function launch({ name, run: program }, args) {
  const operates = program === 'gateways/cli.js'
  await prepare({ stores: process.env.NATS_URL === undefined && !operates, silent: operates })
  const entry = join(root, 'dist', program)
  if (!existsSync(entry)) throw new Trouble(`there is no ${relative(root, entry)}`)
  // One program serves several verbs: it is told which.
  process.argv = [process.execPath, entry, ...(operates ? name.split(' ') : []), ...args]
  await import(pathToFileURL(entry).href)
}

/** What kilat does by itself. */
const steps = {
  test: async (args) => {
    process.exitCode = await test(args)
  },
  build: () => prepare({ stores: false }),
  prepare: () => prepare(),
}

async function main(argv) {
  const { help, flaw, row, rest } = read(argv)
  if (help) return console.log(help)
  if (flaw) {
    console.error(`kilat: ${flaw}`)
    process.exitCode = 2
  } else if (steps[row.run]) await steps[row.run](rest)
  else await launch(row, rest)
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  await main(process.argv.slice(2)).catch((error) => {
    if (!(error instanceof Trouble)) throw error
    console.error(`kilat: ${error.message}`)
    process.exitCode = 1
  })
}
