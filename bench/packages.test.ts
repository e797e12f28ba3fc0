// What can be said of the packages without asking anybody: the audit of known flaws is another thing (.ci/run).
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
}
interface Asked {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

const read = <Content>(name: string) => JSON.parse(readFileSync(name, 'utf8')) as Content
const { packages } = read<{ readonly packages: Readonly<Record<string, Locked>> }>('package-lock.json')
const asked = read<Asked>('package.json')
const locked = Object.entries(packages).flatMap(([place, entry]) =>
  place === '' ? [] : [{ name: place.slice(place.lastIndexOf('node_modules/') + 13), ...entry }],
)
const namesOf = (chosen: typeof locked) => [...new Set(chosen.map(({ name }) => name))].sort()
const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/

/** Binaries for other machines than those that the lock was made on: optional, and never installed where they do not fit. */
const foreign =
  /^(@biomejs\/cli|@msgpackr-extract\/msgpackr-extract|@oxc-parser\/binding)-(android|darwin|freebsd|linux|openharmony|win32)-/
const foreign_max = 27

test('PK1 every package is locked to one version, from the registry, with its checksum', () => {
  expect(locked.filter(({ version = '' }) => !exact.test(version))).toEqual([])
  expect(locked.filter(({ resolved, link }) => resolved !== undefined || link === true)).toEqual([])
  expect(
    locked.filter(({ integrity }) => integrity !== undefined && !/^sha512-[\w+/]{86}==$/.test(integrity)),
  ).toEqual([])
  const unsummed = locked.filter(({ integrity }) => integrity === undefined)
  expect(namesOf(unsummed.filter(({ name, optional }) => !foreign.test(name) || optional !== true))).toEqual(
    [],
  )
  expect(unsummed.length).toBeLessThanOrEqual(foreign_max)
})

test('PK1 what is asked for is one version each, as locked', () => {
  for (const [name, version] of Object.entries({
    ...asked.dependencies,
    ...asked.devDependencies,
    ...asked.optionalDependencies,
  })) {
    expect([name, exact.test(version)]).toEqual([name, true])
    expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, version])
  }
})

test('PK2 no package runs a script at its installation that is not known to', () => {
  const known = ['@scarf/scarf', 'bufferutil', 'msgpackr-extract', 'utf-8-validate']
  expect(namesOf(locked.filter(({ hasInstallScript }) => hasInstallScript === true))).toEqual(known)
})

const allowed = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Unlicense',
  'Zlib',
]
/** Every word of an expression: an AND needs each of them, and an OR is allowed if both are. */
const wordsOf = (license: string) => license.replaceAll(/[()]/g, '').split(/ (?:AND|OR) /)

test('PK3 every licence is allowed', () => {
  const known = locked.filter(
    ({ name }) => !foreign.test(name) || packages[`node_modules/${name}`]?.license !== undefined,
  )
  const others = known.filter(
    ({ license = 'none' }) => !wordsOf(license).every((word) => allowed.includes(word)),
  )
  expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
})

const packages_max = 400

test('PK4 the tree is bounded, and what production needs is less than half of it', () => {
  expect(locked.length).toBeLessThanOrEqual(packages_max)
  expect(locked.filter(({ dev }) => dev !== true).length).toBeLessThan(packages_max / 2)
})
