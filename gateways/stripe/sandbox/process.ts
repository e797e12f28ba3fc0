// The engine's side of the sandbox: a child that is started again when it dies, on the port that its clients know.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Env } from '../../../engine/env.ts'
import { limits } from '../../../protocols/limits.ts'
import type { StripeAccess } from '../client.ts'

// Beside this file once it is built.
const program = fileURLToPath(new URL('./child.js', import.meta.url))

export interface SandboxProcess {
  readonly access: StripeAccess
  pid(): number | undefined
  onChange(call: () => void): void
  stop(): Promise<void>
}

interface Order {
  readonly data_dir: string
  readonly webhook_url: string
  readonly env: Env
}

/** Rejects when the child does not tell its port in time. Its secrets are new at each start and known to nobody else. */
export async function startSandboxProcess({ data_dir, webhook_url, env }: Order): Promise<SandboxProcess> {
  const folder = join(data_dir, 'stripe')
  mkdirSync(folder, { recursive: true })
  const secrets = {
    secret_key: `sk_test_${randomBytes(24).toString('hex')}`,
    webhook_secret: `whsec_${randomBytes(24).toString('hex')}`,
  }
  const order = { path: join(folder, 'ledger.jsonl'), webhook_url, ...secrets }
  const listeners: (() => void)[] = []
  let stopping = false
  let first = await launch({ ...order, port: 0 })
  const keep = () => {
    for (const call of listeners) call()
    first.child.once('exit', () => {
      if (!stopping) env.after(limits.sandbox_restart_ms, again)
    })
  }
  const again = () => {
    if (stopping) return
    launch({ ...order, port: first.port }).then(
      (next) => {
        first = next
        if (stopping) next.child.stdin?.end()
        else keep()
      },
      (cause) => {
        env.log('warn', 'the payment sandbox does not start', { cause: String(cause) })
        env.after(limits.sandbox_restart_ms, again)
      },
    )
  }
  keep()
  return {
    access: { ...secrets, api_url: `http://127.0.0.1:${first.port}`, default_method: 'pm_card_visa' },
    pid: () => first.child.pid,
    onChange: (call) => void listeners.push(call),
    stop: async () => {
      stopping = true
      const { child } = first
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.stdin?.end()
      await ended
    },
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly port: number
}

async function launch(order: object): Promise<Launched> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.on('error', () => {})
  child.stdin.write(`${JSON.stringify(order)}\n`)
  const timer = setTimeout(() => child.kill('SIGKILL'), limits.sandbox_ready_ms)
  try {
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(() => ['']),
    ])) as [string]
    if (!/^\d+$/.test(line)) throw new Error('the payment sandbox did not start')
    return { child, port: Number(line) }
  } finally {
    clearTimeout(timer)
  }
}
