// A drill in a process of its own: what hangs in one does not touch the next, and all that it started ends with it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Drill, failedRow, type Ran, type Row } from './row.ts'

// Beside this folder once it is built.
const program = fileURLToPath(new URL('../drills.js', import.meta.url))
const grace_s = 20

/** Runs one drill of the table as a program and resolves with its row, whatever becomes of the program. */
export async function runChild(
  drill: Drill,
  asked: Omit<Ran, 'seconds'>,
  note: (line: string) => void,
): Promise<Row> {
  const { form, rounds, seed } = asked
  const size = ['--rounds', String(rounds), '--seed', String(seed), ...(form === 'short' ? ['--short'] : [])]
  const began_ms = performance.now()
  // The channel ends with us, and the child with the channel; a group of its own can be ended as one.
  const child = spawn(process.execPath, [program, drill.name, '--json', ...size], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let row: Row | undefined
  eachLine(child.stdout, (text) => {
    row = rowIn(text) ?? row
  })
  eachLine(child.stderr, (text) => note(`${drill.name}: ${text}`))
  const end = setTimeout(() => endGroup(child), (drill[form].limit_s + grace_s) * 1_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(end)
  const seconds = Math.round((performance.now() - began_ms) / 1_000)
  return row ?? failedRow(drill, { ...asked, seconds }, `it ended with ${signal ?? code} and told nothing`)
}

function eachLine(input: Readable | null, call: (text: string) => void): void {
  if (input) createInterface({ input }).on('line', call)
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

function rowIn(text: string): Row | undefined {
  try {
    return JSON.parse(text) as Row
  } catch {
    return undefined
  }
}
