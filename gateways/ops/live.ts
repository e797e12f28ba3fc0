/** The digests of a running engine, asked as an admin of the moment. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import type { Config } from '../config.ts'
import { loadKeys } from '../identity/keys.ts'
import { accessToken } from '../identity/tokens.ts'
import { type Living, Mistake } from './desk.ts'

const nobody = '00000000-0000-4000-8000-000000000000'

/** Where the engine of this folder serves; nothing when none has started. */
async function originOf(data_dir: string): Promise<string | undefined> {
  const text = await readFile(join(data_dir, 'endpoints.json'), 'utf8').catch(() => '{}')
  const { port } = JSON.parse(text) as { port?: number }
  return port === undefined ? undefined : `http://127.0.0.1:${port}`
}

const answers = (origin: string) =>
  fetch(`${origin}/readiness`, { signal: AbortSignal.timeout(limits.database_pulse_ms) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )

/** At `url`, or at the engine of this folder. Rejects with a Mistake when an engine that was named does not answer. */
export async function livingAt(
  config: Config,
  env: Env,
  url: string | undefined,
): Promise<Living | undefined> {
  const origin = url?.replace(/\/$/, '') ?? (await originOf(config.data_dir))
  if (origin === undefined || !(await answers(origin))) {
    if (url !== undefined) throw new Mistake(`no engine answers at ${url}`)
    return undefined
  }
  const keys = await loadKeys(config.signing_keys, config.data_dir)
  let token = { text: '', until_ms: 0 }
  const fresh = async () => {
    if (token.until_ms > env.now_ms()) return token.text
    const admin = { id: nobody, email: '', role: 'admin' as const }
    const text = await accessToken(admin, keys, config.token_issuer, env)
    token = { text, until_ms: env.now_ms() + (limits.access_token_seconds * 1_000) / 2 }
    return text
  }
  const ask: Living = async (of) => {
    const response = await fetch(`${origin}/api/v1/admin/digests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await fresh()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ of: of.map(({ kind, id }) => ({ kind, id })) }),
    })
    const body = (await response.json()) as { data?: Awaited<ReturnType<Living>>; error?: string }
    if (response.ok && body.data) return body.data
    if (response.status !== 429) throw new Mistake(`the engine does not tell its digests: ${body.error}`)
    const wait_ms = 1_000 * Number(response.headers.get('retry-after') ?? 1)
    await new Promise<void>((resolve) => env.after(wait_ms, resolve))
    return ask(of)
  }
  return ask
}
