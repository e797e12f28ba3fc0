// The sandbox on loopback: Stripe's API, the page where an owner approves, and the controls of drills.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Check } from 'typebox/value'
import type { Env } from '../../../engine/env.ts'
import { limits } from '../../../protocols/limits.ts'
import { type Answered, type Asked, SandboxApi } from './api.ts'
import { Faults, no_faults } from './faults.ts'
import type { Outcome } from './ledger.ts'
import { SandboxStore } from './store.ts'
import { Webhooks } from './webhooks.ts'

export interface SandboxOptions {
  readonly env: Env
  /** 0: any free one. */
  readonly port: number
  /** The ledger's file. */
  readonly path: string
  readonly secret_key: string
  readonly webhook_secret: string
  readonly webhook_url: string
}

export interface Sandbox {
  readonly port: number
  stop(): Promise<void>
}

/** Serves on 127.0.0.1 until it is stopped. Rejects when the port cannot be had, or the file cannot be read. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const door = new Door(options)
  const server = createServer((req, res) => void door.serve(req, res))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  door.begin(port)
  return {
    port,
    stop: async () => {
      door.stop()
      await closed(server)
    },
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

class Door {
  readonly #options: SandboxOptions
  readonly #api: SandboxApi
  readonly #store: SandboxStore
  readonly #webhooks: Webhooks
  #port = 0

  constructor(options: SandboxOptions) {
    const { env, path, webhook_url: url, webhook_secret: secret } = options
    this.#options = options
    this.#store = new SandboxStore(path)
    this.#api = new SandboxApi({
      now_ms: () => env.now_ms(),
      random: () => env.random(),
      page_url: () => `http://127.0.0.1:${this.#port}`,
    })
    this.#webhooks = new Webhooks({
      env,
      url,
      secret,
      faults: () => this.#api.faults,
      done: (id) => this.#store.delivered(id),
    })
  }

  begin(port: number): void {
    this.#port = port
    for (const told of this.#store.open(this.#api)) this.#webhooks.owe(told)
  }

  stop(): void {
    this.#webhooks.stop()
    this.#store.close()
  }

  async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://sandbox')
    const text = await bodyOf(req)
    if (text === undefined) return void res.destroy()
    if (pathname.startsWith('/sandbox/')) return this.#control(req.method ?? '', pathname, text, res)
    if (req.headers.authorization !== `Bearer ${this.#options.secret_key}`)
      return send(res, {
        status: 401,
        body: { error: { type: 'invalid_request_error', message: 'Invalid API Key' } },
      })
    const key = req.headers['idempotency-key']
    const asked: Asked = {
      method: req.method ?? '',
      path: pathname,
      query: searchParams,
      form: new URLSearchParams(text),
      idempotency_key: typeof key === 'string' ? key : '',
    }
    this.#later(
      res,
      this.#carryOut(() => this.#api.handle(asked)),
    )
  }

  /** What changed is on disk before it is told to anybody. */
  #carryOut<Result>(act: () => Result): Result {
    const result = act()
    const changes = this.#api.takeChanges()
    this.#store.append(changes)
    for (const told of changes.told) this.#webhooks.owe(told)
    return result
  }

  #later(res: ServerResponse, answered: Answered): void {
    const { answer_delay_ms } = this.#api.faults
    const answer = () => {
      if (answered.lost) res.destroy()
      else send(res, answered, answered.replayed ? { 'Idempotent-Replayed': 'true' } : {})
    }
    if (answer_delay_ms === 0) answer()
    else this.#options.env.after(answer_delay_ms * this.#options.env.random(), answer)
  }

  #control(method: string, path: string, text: string, res: ServerResponse): void {
    const [, , verb = '', id = ''] = path.split('/')
    const row = controls[`${method} ${verb}`]
    if (!row) return send(res, { status: 404, body: { error: 'no such control' } })
    const reply = this.#carryOut(() => row(this.#api, id, text))
    if (typeof reply === 'string') {
      res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      res.end(reply)
    } else send(res, reply)
  }
}

type Control = (api: SandboxApi, id: string, text: string) => Outcome | string

const unknown: Outcome = { status: 404, body: { error: 'no such intent' } }

const controls: Readonly<Record<string, Control>> = {
  'GET ledger': ({ ledger }) => ({ status: 200, body: ledger.intents }),
  'POST faults': (api, _id, text) => {
    const wanted = parsed(text)
    const faults = { ...no_faults, ...wanted }
    if (!Check(Faults, faults)) return { status: 400, body: { error: 'these are no faults' } }
    api.faults = faults
    return { status: 200, body: faults }
  },
  'POST lapse': ({ ledger }, id) => {
    if (!ledger.find(id)) return unknown
    ledger.lapseAll(id)
    return { status: 200, body: {} }
  },
  'GET approve': ({ ledger }, id) => {
    const intent = ledger.find(id)
    if (!intent) return unknown
    return intent.status === 'requires_action' ? approvalPage(intent.amount, intent.currency) : closedPage
  },
  'POST approve': ({ ledger }, id, text) => {
    const intent = ledger.find(id)
    if (!intent) return unknown
    ledger.approve(intent, new URLSearchParams(text).get('answer') === 'yes')
    return closedPage
  },
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return { malformed: true, lost_answers: -1 }
  }
}

const html = (body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Payment</title><body style="font-family:sans-serif;max-width:24rem;margin:4rem auto">${body}</body></html>`
const closedPage = html('<p>There is nothing more to do. You may close this page.</p>')
const approvalPage = (amount: number, currency: string) =>
  html(
    `<h1>Approve this payment?</h1><p>${(amount / 100).toFixed(2)} ${currency.toUpperCase()}</p><form method="post"><button name="answer" value="yes">Approve</button> <button name="answer" value="no">Refuse</button></form>`,
  )

function send(
  res: ServerResponse,
  { status, body }: Outcome,
  more: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...more })
  res.end(JSON.stringify(body))
}

/** Undefined: it is too large, or never ended. */
function bodyOf(req: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.sandbox_body_bytes_max) resolve(undefined)
      else chunks.push(chunk)
    })
    req.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    req.on('error', () => resolve(undefined))
  })
}
