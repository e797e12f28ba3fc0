import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { spawnGuarded } from './guarded.ts'
import { goneWithin, type Identity, identityOf, lives } from './identity.ts'
import { entryFile } from './project_dir.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const lineOf = async (child: ChildProcess): Promise<string> =>
  ((await once(createInterface({ input: child.stdout as Readable }), 'line')) as [string])[0]

/** A process that starts a guarded program, tells its id, and stays. */
async function parent(call: string): Promise<{ readonly parent: ChildProcess; readonly child: Identity }> {
  const code = `
    const { spawnGuarded } = await import(${JSON.stringify(entryFile('guarded'))})
    console.log(${call}.pid)
    setInterval(() => {}, 1000)`
  const started = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(started)
  const child = identityOf(Number(await lineOf(started)))
  if (!child) throw new Error('nothing was started')
  return { parent: started, child }
}

test('SU17 a guarded program ends with the process that started it, killed as it may be', async () => {
  for (const how of ['{}', "{ signal: 'QUIT' }", '{ is_held: true }']) {
    const { parent: one, child } = await parent(`spawnGuarded('sleep', ['1000'], ${how})`)
    expect(lives(child)).toBe(true)
    one.kill('SIGKILL')
    expect([how, await goneWithin(child, 20_000)]).toEqual([how, true])
  }
})

test('SU17 a guarded program has the id that is told, its own words, streams and end', async () => {
  const child = spawnGuarded('/bin/sh', ['-c', 'echo "$$ $1"; cat; exit 7', '-', 'two words'], {
    out: 'pipe',
  })
  children.push(child)
  const [line, [code]] = await Promise.all([lineOf(child), once(child, 'close')])
  expect(line).toBe(`${child.pid} two words`)
  expect(code).toBe(7)
})

test('SU17 a held program begins with its line, and never without one', async () => {
  const [begun, never] = [0, 1].map(() => spawnGuarded('echo', ['here'], { out: 'pipe', is_held: true })) as [
    ChildProcess,
    ChildProcess,
  ]
  children.push(begun, never)
  let said = ''
  never.stdout?.on('data', (bytes: Buffer) => {
    said += bytes
  })
  const line = lineOf(begun)
  begun.stdin?.write('go\n')
  expect(await line).toBe('here')
  never.stdin?.end()
  expect(await once(never, 'close')).toEqual([1, null])
  expect(said).toBe('')
})
