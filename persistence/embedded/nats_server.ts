// What is particular to the nats-server program: where it is found, its configuration, and when it is ready.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { limits } from '../../protocols/limits.ts'
import { projectDir } from './project_dir.ts'

export interface NatsPlace {
  readonly port: number
  readonly monitor_port: number
  /** Holds the streams and the log. */
  readonly store_dir: string
  readonly name: string
  /** Bytes of all streams; absent: three quarters of what is free at the start. */
  readonly store_bytes_max?: number
}

/** The configuration of a server of our own: loopback only, JetStream, and every append on disk before its ack. */
export function natsConfig({ port, monitor_port, store_dir, name, store_bytes_max }: NatsPlace): string {
  return [
    `server_name: ${JSON.stringify(name)}`,
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitor_port}"`,
    `max_payload: ${limits.nats_payload_bytes_max}`,
    'write_deadline: "10s"',
    `log_file: ${JSON.stringify(join(store_dir, 'nats.log'))}`,
    'logfile_size_limit: 10485760',
    'logfile_max_num: 3',
    'jetstream {',
    `  store_dir: ${JSON.stringify(store_dir)}`,
    '  sync_interval: always',
    ...(store_bytes_max === undefined ? [] : [`  max_file_store: ${store_bytes_max}`]),
    '}',
    '',
  ].join('\n')
}

/** `a` and `b` are dotted numbers with an optional leading `v`; a pre-release counts as its release. */
export function versionAtLeast(a: string, b: string): boolean {
  const parts = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number)
  const [have, want] = [parts(a), parts(b)]
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** The program to start: on PATH, else in `.kilat/bin` where the set-up puts it. Throws when neither is new enough. */
export function natsProgram(): string {
  for (const program of ['nats-server', join(projectDir(), '.kilat', 'bin', 'nats-server')]) {
    const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    if (status === 0 && versionAtLeast(stdout, limits.nats_version_min)) return program
  }
  throw new Error(
    `nats-server ${limits.nats_version_min} or newer is neither on PATH nor in .kilat/bin: run "npm start" or ` +
      '"npm test" once, which fetches it, or set NATS_URL',
  )
}

/** Resolves once the server behind the monitor page says that JetStream serves; rejects after `timeout_ms`. */
export async function natsReady(monitor_url: string, timeout_ms: number): Promise<void> {
  const until = performance.now() + timeout_ms
  while (performance.now() < until) {
    const ok = await fetch(`${monitor_url}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nats-server was not ready after ${timeout_ms} ms`)
}
