// The command line, as an operator has it.
import { once } from 'node:events'
import { join } from 'node:path'
import { spawnGuarded } from '../persistence/embedded/guarded.ts'
import { projectDir } from '../persistence/embedded/project_dir.ts'

const dist = join(projectDir(), 'dist')
const programs = { cli: join(dist, 'gateways', 'cli.js'), main: join(dist, 'bundle', 'main.js') }

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program of the engine's to its end, with so much more in its environment. */
export async function runKilat(
  program: keyof typeof programs,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Said> {
  const child = spawnGuarded(process.execPath, [programs[program], ...words], {
    env: { ...process.env, ...env },
    out: 'pipe',
    err: 'pipe',
  })
  const texts = { out: '', err: '' }
  child.stdout?.on('data', (bytes: Buffer) => {
    texts.out += bytes
  })
  child.stderr?.on('data', (bytes: Buffer) => {
    texts.err += bytes
  })
  const [code] = await once(child, 'close')
  return { code: code as number, ...texts }
}
