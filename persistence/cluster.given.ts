// A real PostgreSQL of a test's or drill's own, from the programs of the machine.
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs'
import { appendFile, chmod, chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { spawnGuarded } from './embedded/guarded.ts'
import { secured } from './pg.ts'

const homes = '/usr/lib/postgresql'
const shares = '/usr/share/postgresql'
const ready_ms = 60_000
const stop_ms = 15_000

/** The versions of PostgreSQL for which this machine has PostGIS, the newest last. */
export function postgisVersions(): readonly string[] {
  if (!existsSync(shares)) return []
  return readdirSync(shares)
    .filter((version) => existsSync(join(shares, version, 'extension', 'postgis.control')))
    .sort((a, b) => Number(a) - Number(b))
}

/** The folder of the newest PostgreSQL that has PostGIS; undefined where there is none. */
export function postgresPrograms(): string | undefined {
  const newest = postgisVersions()
    .filter((version) => existsSync(join(homes, version, 'bin', 'initdb')))
    .at(-1)
  return newest === undefined ? undefined : join(homes, newest, 'bin')
}

/** It refuses to run as root: its own user then. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', cwd: '/', ...owner() })
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`)
}

/** What it shows and asks for when it speaks TLS. */
export interface Tls {
  /** PEM files of its own, and of the authority whose clients it lets in. */
  readonly cert: string
  readonly key: string
  readonly ca: string
  /** How its address has it, for whoever asks: `sslmode` and files. */
  readonly said: Readonly<Record<string, string>>
}

/** Nobody is let in without TLS, nor without a certificate of the authority. */
async function encrypt(dir: string, { cert, key, ca }: Tls): Promise<void> {
  const { uid, gid } = owner()
  for (const [from, name] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
    [ca, 'root.crt'],
  ] as const) {
    const to = join(dir, name)
    await copyFile(from, to)
    if (uid !== undefined && gid !== undefined) await chown(to, uid, gid)
    await chmod(to, 0o600)
  }
  await writeFile(join(dir, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n')
  await appendFile(join(dir, 'postgresql.conf'), "ssl_ca_file = 'root.crt'\n")
}

export class Cluster {
  readonly url: string
  readonly #programs: string
  readonly #dir: string
  readonly #port: number
  readonly #tls: Tls | undefined
  #child: ChildProcess | undefined

  private constructor(programs: string, dir: string, port: number, tls: Tls | undefined) {
    this.#programs = programs
    this.#dir = dir
    this.#port = port
    this.#tls = tls
    this.url = `postgres://kilat@127.0.0.1:${port}/postgres${tls ? `?${new URLSearchParams(tls.said)}` : ''}`
  }

  /** A fresh one below `home`, which its user can reach. It does not run yet. */
  static async make(programs: string, home: string, port: number, tls?: Tls): Promise<Cluster> {
    const dir = join(home, 'cluster')
    await mkdir(dir, { recursive: true })
    const { uid, gid } = owner()
    if (uid !== undefined && gid !== undefined) {
      await chown(dir, uid, gid)
      // Folders of a drill are its user's alone; this one only passes through.
      for (const way of [home, join(home, '..'), join(home, '..', '..')]) await chmod(way, 0o711)
    }
    await chmod(dir, 0o700)
    const rights = ['--username', 'kilat', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C.UTF-8']
    run(join(programs, 'initdb'), '--pgdata', dir, '--no-sync', ...rights)
    // What was made without a sync is synced once, before anybody counts on it.
    run(join(programs, 'initdb'), '--pgdata', dir, '--sync-only')
    if (tls) await encrypt(dir, tls)
    return new Cluster(programs, dir, port, tls)
  }

  /** Rejects when it does not answer in time. */
  async start(): Promise<void> {
    this.#spawn()
    for (const until_ms = performance.now() + ready_ms; performance.now() < until_ms; await pause(50)) {
      // The one before it may still be on the list of processes.
      if (!this.#is_alive) this.#spawn()
      const { url, ssl } = secured(this.url)
      const sql = postgres(url, { max: 1, onnotice: () => {}, backoff: () => 0, ...(ssl ? { ssl } : {}) })
      const answered = await sql`CREATE EXTENSION IF NOT EXISTS postgis`.then(
        () => true,
        () => false,
      )
      await sql.end({ timeout: 1 })
      if (answered) return
    }
    throw new Error(`PostgreSQL in ${this.#dir} does not answer`)
  }

  #spawn(): void {
    const place = ['-D', this.#dir, '-p', String(this.#port), '-h', '127.0.0.1', '-k', '']
    const words = [...place, ...(this.#tls ? ['-c', 'ssl=on'] : [])]
    const log = openSync(`${this.#dir}.log`, 'a')
    const how = { out: log, err: log, cwd: '/', signal: 'QUIT', ...owner() } as const
    this.#child = spawnGuarded(join(this.#programs, 'postgres'), words, how)
    closeSync(log)
  }

  get #is_alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Ends it with all its children, whoever is connected. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child || !this.#is_alive) return
    const late = setTimeout(() => child.kill('SIGKILL'), stop_ms)
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    await ended
    clearTimeout(late)
  }

  /** Of the postmaster; its children follow from it. */
  async pid(): Promise<number> {
    const text = await readFile(join(this.#dir, 'postmaster.pid'), 'utf8')
    return Number(text.split('\n')[0])
  }
}
