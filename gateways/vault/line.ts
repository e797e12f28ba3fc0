import { BroadcastChannel } from 'node:worker_threads'
import type { KeptKey } from '../../protocols/person_keys.ts'
import type { Line } from './ciphers.ts'

/** To the other threads of this process. What travels is wrapped, as it is kept. */
export function openLine(): Line {
  const channel = new BroadcastChannel('kilat personal keys')
  channel.unref()
  return {
    tell: (kept) => channel.postMessage(kept),
    onTold: (call) => {
      channel.onmessage = (message) => call((message as { data: KeptKey }).data)
    },
    close: () => channel.close(),
  }
}
