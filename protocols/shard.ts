/** 32-bit FNV-1a of the UTF-8 bytes of `text`. Ids are ASCII, so a char code is a byte. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** The same of bytes. A change of one byte always changes it. */
export function fnv1a32Bytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < bytes.length; index++)
    hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  return hash >>> 0
}

/** The shard of an actor: of its id alone, so that a booking, its trip and its payment share one. `shards` is a power of two. */
export const shardOf = (id: string, shards: number): number => fnv1a32(id.toLowerCase()) & (shards - 1)
