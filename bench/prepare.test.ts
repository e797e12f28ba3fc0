// The root script, which no types reach: it is plain JavaScript, so that it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { spawnGuarded } from '../persistence/embedded/guarded.ts'
import { goneWithin, identityOf, lives } from '../persistence/embedded/identity.ts'

interface Script {
  mirrorStanzas(targets: string, read: (path: string) => string): string[]
  fromRelease(places: { site: string; bin: string; work: string }): Promise<string>
}
const script = (await import(pathToFileURL(join(process.cwd(), 'kilat.mjs')).href)) as Script

const site = createServer((request, response) => {
  const body = files.get(request.url?.split('/').at(-1) ?? '')
  response.statusCode = body === undefined ? 404 : 200
  response.end(body)
})
const files = new Map<string, Buffer>()
const dir = mkdtempSync(join(tmpdir(), 'kilat-prepare-'))
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
})
afterAll(() => {
  site.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A release for this machine whose program says that version, published with that checksum. */
function publish(version: string, sum: (archive: Buffer) => string): void {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch
  const name = `nats-server-v2.15.1-${process.platform}-${arch}`
  mkdirSync(join(dir, name), { recursive: true })
  writeFileSync(join(dir, name, 'nats-server'), `#!/bin/sh\necho nats-server: v${version}\n`)
  chmodSync(join(dir, name, 'nats-server'), 0o755)
  spawnSync('tar', ['-czf', `${name}.tar.gz`, name], { cwd: dir })
  const archive = readFileSync(join(dir, `${name}.tar.gz`))
  files.set(`${name}.tar.gz`, archive)
  files.set('SHA256SUMS', Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${sum(archive)}  ${name}.tar.gz\n`))
}
const sha256 = (archive: Buffer) => createHash('sha256').update(archive).digest('hex')
const places = (name: string) => ({ site: url, bin: join(dir, name, 'bin'), work: join(dir, name, 'work') })

test('SU14 the official release is taken when its checksum is the published one', async () => {
  publish('2.15.1', sha256)
  const there = places('good')
  expect(await script.fromRelease(there)).toBe('2.15.1')
  expect(existsSync(join(there.bin, 'nats-server'))).toBe(true)
})

test('SU14 another checksum, a missing release and a program that is too old are refused', async () => {
  const there = places('bad')
  publish('2.15.1', () => 'f'.repeat(64))
  await expect(script.fromRelease(there)).rejects.toThrow('checksum')
  publish('2.14.4', sha256)
  await expect(script.fromRelease(there)).rejects.toThrow('older than')
  files.clear()
  await expect(script.fromRelease(there)).rejects.toThrow('404')
  expect(existsSync(join(there.bin, 'nats-server'))).toBe(false)
})

test('SU15 the mirrors and their keys are those that apt is set up with, in either form', () => {
  const sources: Record<string, string> = {
    '/a/debian.sources':
      'Types: deb\nURIs: http://mirror.test/debian-security\nSuites: trixie-security\nComponents: main\nSigned-By: /keys/other.gpg\n\n' +
      'Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\nSigned-By: /keys/debian.gpg\n',
    '/a/sources.list':
      '# old\ndeb [arch=amd64 signed-by=/keys/list.gpg] http://two.test/debian/ bookworm main\n',
  }
  const targets = [
    'http://mirror.test/debian/|trixie|main|/a/debian.sources:1',
    'http://mirror.test/debian/|trixie-updates|main|/a/debian.sources:1',
    'http://mirror.test/debian-security/|trixie-security|main|/a/debian.sources:7',
    'http://two.test/debian/|bookworm|main|/a/sources.list:2',
    'http://two.test/debian/|bookworm|non-free|/a/sources.list:2',
    '',
  ]
  const stanzas = script.mirrorStanzas(targets.join('\n'), (path) => sources[path] ?? '')
  expect(stanzas).toHaveLength(2)
  expect(stanzas[0]).toContain('URIs: http://mirror.test/debian/\n')
  expect(stanzas[0]).toContain('Signed-By: /keys/debian.gpg')
  expect(stanzas[1]).toContain('URIs: http://two.test/debian/\n')
  expect(stanzas[1]).toContain('Signed-By: /keys/list.gpg')
})

test('SU19 what kilat runs ends with it, killed as it may be', async () => {
  const folder = join(dir, 'killed')
  mkdirSync(join(folder, 'node_modules', 'typescript', 'bin'), { recursive: true })
  for (const name of ['kilat.mjs', 'verbs.mjs', 'tsconfig.json'])
    copyFileSync(join(process.cwd(), name), join(folder, name))
  for (const name of ['package-lock.json', join('node_modules', '.package-lock.json')])
    writeFileSync(join(folder, name), '{"packages":{}}')
  writeFileSync(join(folder, 'bundle.mjs'), '')
  const compiler = 'console.log(process.pid); setInterval(() => {}, 1_000)'
  writeFileSync(join(folder, 'node_modules', 'typescript', 'bin', 'tsc'), compiler)
  const kilat = spawnGuarded(process.execPath, [join(folder, 'kilat.mjs'), 'build'], { out: 'pipe' })
  const [line] = (await once(createInterface({ input: kilat.stdout as Readable }), 'line')) as [string]
  const started = identityOf(Number(line))
  if (!started) throw new Error('nothing was started')
  expect(lives(started)).toBe(true)
  kilat.kill('SIGKILL')
  expect(await goneWithin(started, 20_000)).toBe(true)
})
