// Joins the compiled engine and what it needs of its packages into few files, `dist/bundle`: to find, read and link
// 1,300 modules costs a worker thread 0.7 s of processor time at each start, and one large file 0.2 s.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const dist = join(import.meta.dirname, 'dist')
const to = join(dist, 'bundle')

/** What is loaded beside the others keeps its place beside them: the sandbox's process, and the migrations. */
const migrations = join(dist, 'persistence', 'migrations')
const input = {
  main: join(dist, 'gateways', 'main.js'),
  child: join(dist, 'gateways', 'stripe', 'sandbox', 'child.js'),
  ...Object.fromEntries(
    readdirSync(migrations)
      .filter((file) => file.endsWith('.js'))
      .map((file) => [join('migrations', file.slice(0, -'.js'.length)), join(migrations, file)]),
  ),
}

const bundle = await rolldown({
  input,
  platform: 'node',
  external: [/^@node-rs\/argon2/, /^node-pg-migrate/, /^msgpackr-extract/, /^pino/],
  logLevel: 'warn',
  // Packages are as they are.
  onLog: (level, log, tell) => {
    if (!log.id?.includes('node_modules') && log.code !== 'EVAL') tell(level, log)
  },
})
rmSync(to, { recursive: true, force: true })
await bundle.write({
  dir: to,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
})
await bundle.close()
