import type { IncomingMessage } from 'node:http'

/** The fields of a posted form; undefined when it is none, is cut off, or has more bytes than the bound. */
export async function readForm(
  req: IncomingMessage,
  bytes_max: number,
): Promise<URLSearchParams | undefined> {
  if (!req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return undefined
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of req) {
      size += (chunk as Buffer).length
      if (size > bytes_max) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch {
    return undefined
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
