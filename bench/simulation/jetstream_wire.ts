/** What travels between a simulated client and the simulated server: subjects, header blocks, refusals. */
import type { Msg, MsgHdrs } from '@nats-io/nats-core'
import { MsgHdrsImpl } from '@nats-io/nats-core/internal'

/** A message on its way to the server. `block` is its headers as bytes, as they are stored. */
export interface Packet {
  readonly subject: string
  readonly reply: string
  readonly block: Buffer | undefined
  readonly data: Uint8Array
}

/** What the server sends to a reply subject. */
export interface Reply {
  readonly data: Uint8Array
  readonly block?: Buffer
}

/** A refusal as the server words it. */
export interface Refusal {
  readonly code: number
  readonly err_code: number
  readonly description: string
}

const status_line = 'NATS/1.0'

/** The first value of a header, as the server finds it: by exact name, spaces before it left out. */
export function fieldOf(block: Buffer | undefined, name: string): string | undefined {
  if (block === undefined) return undefined
  const text = block.toString('latin1')
  const at = text.indexOf(`\r\n${name}:`)
  if (at < 0) return undefined
  const from = at + name.length + 3
  return text.slice(from, text.indexOf('\r\n', from)).replace(/^ +/, '')
}

/** A header block with further fields behind those that are there. */
export function withFields(
  block: Buffer | undefined,
  fields: Readonly<Record<string, string | number>>,
): Buffer {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = block?.subarray(0, -2) ?? Buffer.from(`${status_line}\r\n`)
  return Buffer.concat([head, Buffer.from(`${lines.join('')}\r\n`, 'latin1')])
}

/** A reply that is a status alone, such as `404 Message Not Found`. */
export function statusReply(status: string, fields: Readonly<Record<string, string | number>> = {}): Reply {
  const block = withFields(Buffer.from(`${status_line} ${status}\r\n\r\n`), fields)
  return { data: new Uint8Array(), block }
}

export const textReply = (text: string): Reply => ({ data: Buffer.from(text) })
export const jsonReply = (body: object): Reply => textReply(JSON.stringify(body))

/** The header block of a message that is published with these headers; what `idHeader` makes knows `encode` alone. */
export function blockOf(fields: MsgHdrs | undefined): Buffer | undefined {
  if (fields === undefined) return undefined
  return Buffer.from((fields as MsgHdrsImpl).encode())
}

/** A reply as the client hands it on. */
export function messageOf(subject: string, { data, block }: Reply): Msg {
  const text = () => new TextDecoder().decode(data)
  return {
    subject,
    sid: 1,
    data,
    ...(block ? { headers: MsgHdrsImpl.decode(block) } : {}),
    respond: () => false,
    json: <T>() => JSON.parse(text()) as T,
    string: text,
  }
}

/** Whether a subject is one that a pattern with `*` and `>` takes. */
export function takes(pattern: string, subject: string): boolean {
  if (pattern === subject) return true
  const [wanted, have] = [pattern.split('.'), subject.split('.')]
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return have.length > index
    if (token !== '*' ? token !== have[index] : have[index] === undefined) return false
  }
  return wanted.length === have.length
}

/** The server's refusals by what they mean; their codes and texts are those of nats-server 2.15. */
export const refusals = {
  wrong_last: (seq: number) => refusal(400, 10071, `wrong last sequence: ${seq}`),
  in_process: refusal(400, 10164, 'wrong last sequence'),
  id_in_process: refusal(409, 10158, 'duplicate message id is in process'),
  other_stream: refusal(400, 10060, 'expected stream does not match'),
  too_large: refusal(400, 10054, 'message size exceeds maximum allowed'),
  full_bytes: refusal(503, 10077, 'maximum bytes exceeded'),
  full_messages: refusal(503, 10077, 'maximum messages exceeded'),
  no_resources: refusal(503, 10023, 'insufficient resources'),
  no_storage: refusal(500, 10047, 'insufficient storage resources available'),
  no_message: refusal(404, 10037, 'no message found'),
  no_stream: refusal(404, 10059, 'stream not found'),
  name_in_use: refusal(400, 10058, 'stream name already in use with a different configuration'),
  overlap: refusal(400, 10065, 'subjects overlap with an existing stream'),
  delete_denied: refusal(500, 10057, 'message delete not permitted'),
  purge_denied: refusal(500, 10110, 'stream purge not permitted'),
  unavailable: refusal(503, 10008, 'JetStream system temporarily unavailable'),
  bad_request: refusal(400, 10003, 'bad request'),
  batch_disabled: refusal(400, 10174, 'atomic publish is disabled'),
  batch_unnumbered: refusal(400, 10175, 'atomic publish sequence is missing'),
  batch_incomplete: refusal(400, 10176, 'atomic publish batch is incomplete'),
  batch_id: refusal(400, 10179, 'atomic publish batch ID is invalid'),
  batch_commit: refusal(400, 10200, 'atomic publish batch commit is invalid'),
  batch_too_large: (size: number) => refusal(400, 10199, `atomic publish batch is too large: ${size}`),
  batch_duplicate: refusal(400, 10201, 'atomic publish batch contains duplicate message id'),
  batches_in_flight: refusal(429, 10210, 'atomic publish too many inflight'),
} as const

function refusal(code: number, err_code: number, description: string): Refusal {
  return { code, err_code, description }
}
