import type { IncomingMessage } from 'node:http'
import { addressOf, countedAs } from '../http/rates.ts'
import type { StsDoors } from './claims.ts'

/** Whom the limits count; '' for an address that none counts. */
export function addressFor(req: IncomingMessage, { isTrusted }: Pick<StsDoors, 'isTrusted'>): string {
  const text = addressOf(req.socket.remoteAddress ?? '')
  return isTrusted(text) ? '' : countedAs(text)
}
