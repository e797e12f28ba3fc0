// Programs that know nothing of us and yet end when we do.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/** Becomes the program under the same process id; a companion waits for the end of the input, which comes when its other end dies. */
const script =
  'if [ "$0" = held ]; then read -r go || exit 1; fi; signal=$1; shift; exec 3<&0; ' +
  '(read -r end; kill -s "$signal" $$) <&3 >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'

export interface Guarded extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  readonly out?: number | 'pipe' | 'ignore'
  readonly err?: number | 'pipe' | 'ignore' | 'inherit'
  /** What it is sent when we are gone; `KILL` unless given. */
  readonly signal?: 'KILL' | 'QUIT'
  /** It begins only when a line was written to its `stdin`. */
  readonly is_held?: boolean
}

/** Starts a program that ends when this process ends, by whatever means. It reads no input of ours. */
export function spawnGuarded(program: string, args: readonly string[], how: Guarded = {}): ChildProcess {
  const { out = 'ignore', err = 'ignore', signal = 'KILL', is_held = false, ...rest } = how
  const words = ['-c', script, is_held ? 'held' : 'free', signal, program, ...args]
  const child = spawn('/bin/sh', words, { ...rest, stdio: ['pipe', out, err] })
  // It may have ended before its line is written.
  child.stdin?.on('error', () => undefined)
  return child
}
