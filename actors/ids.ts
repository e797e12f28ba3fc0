const lanes = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const

/** Murmur3's finalizer: every input bit reaches every output bit. */
function mixed(hash: number): number {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** One 32-bit lane: FNV-1a from its own basis, with a rotation so that the lanes part from the first letter on. */
function lane(text: string, basis: number): number {
  let hash = basis
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    hash = ((hash << 13) | (hash >>> 19)) ^ basis
  }
  return mixed(hash ^ text.length)
}

const hex = (value: number) => value.toString(16).padStart(8, '0')

/**
 * A lower-case UUID (in the form of version 4) that follows from a text alone, such as the id of the command that
 * makes the thing: the same command decided again names the same thing. Not secret.
 */
export function idFrom(text: string, purpose: string): string {
  const seed = `${purpose}:${text}`
  const [a, b, c, d] = lanes.map((basis) => lane(seed, basis)) as [number, number, number, number]
  const middle = hex(((b & 0xffff0fff) | 0x4000) >>> 0)
  const end = hex(((c & 0x3fffffff) | 0x80000000) >>> 0)
  return `${hex(a)}-${middle.slice(0, 4)}-${middle.slice(4)}-${end.slice(0, 4)}-${end.slice(4)}${hex(d)}`
}
