/** Policy documents on JetStream: version `v` is the message `v - 1` of a stream from which nothing is ever taken away. */
import { Fault, type Policies } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { storedPolicy } from '../protocols/policy_document.ts'
import { askJetStream, headersOf, type Link, type ServerError } from './nats.ts'

interface Ack {
  readonly seq?: number
  readonly error?: ServerError
}

interface Stored {
  readonly message: { readonly seq: number; readonly data?: string }
}

const no_message = 10037
const wrong_last_sequence = 10071
const seqOf = (version: number) => version - firstPolicy.version

/** Policies over the stream that `ensureStreams` has made. Every rejection is a Fault. */
export function openPolicies(link: Link): Policies {
  return {
    append: (document) => append(link, document),
    async after(version) {
      const policies: Policy[] = []
      for (let next = version + 1; ; next++) {
        const policy = await get(link, next)
        if (!policy) return policies
        policies.push(policy)
      }
    },
  }
}

/** The expected sequence is the fence: of two who set the same version, the stream takes one. */
async function append(link: Link, document: Policy): Promise<void> {
  const { version } = document
  const seq = seqOf(version)
  if (seq < 1) throw refusal(version, 'it is not above the first one', false)
  const text = JSON.stringify(document)
  if (text.length > limits.policy_document_bytes_max) throw refusal(version, 'it is too long', false)
  const msg = await link.request(`policies.${version}`, text, {
    headers: headersOf({ 'Nats-Expected-Last-Sequence': String(seq - 1) }),
    timeout_ms: limits.append_timeout_ms,
  })
  const ack = msg.json<Ack>()
  if (ack.error?.err_code === wrong_last_sequence)
    throw refusal(version, 'it is not the next one: another was set meanwhile', false)
  if (ack.error || ack.seq !== seq)
    throw refusal(
      version,
      ack.error?.description ?? 'an answer without its sequence',
      ack.error?.code === 503,
    )
}

/** From the stream's leader: a replica may lag. */
async function get(link: Link, version: number): Promise<Policy | undefined> {
  const query = { seq: seqOf(version) }
  const { message, error } = await askJetStream<Stored>(link, 'STREAM.MSG.GET.POLICIES', query)
  if (!message) {
    if (error?.err_code === no_message) return undefined
    throw refusal(version, error?.description ?? 'an answer without a message', error?.code === 503)
  }
  try {
    const policy = storedPolicy(JSON.parse(Buffer.from(message.data ?? '', 'base64').toString('utf8')))
    if (policy.version !== version) throw new Error(`it says that it is version ${policy.version}`)
    return policy
  } catch (cause) {
    throw new Fault(`version ${version} of the policy cannot be read`, { retry: false, cause })
  }
}

const refusal = (version: number, why: string, retry: boolean) =>
  new Fault(`version ${version} of the policy: ${why}`, { retry })
