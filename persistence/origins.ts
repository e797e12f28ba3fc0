import type { Sql } from './pg.ts'

const kept: unique symbol = Symbol('origin')

interface Asked {
  [kept]?: unknown
}

/**
 * The client makes an Error for each place in the code that asks, and keeps it for ever, to say later where a question
 * came from. Until its stack is read, such an Error holds on to the functions that were called then, and with them to
 * all that they could see: the first batch of frames that a thread wrote into the lists, however large, stayed for good.
 * So the stack is read at once, which makes a text of it. Does nothing when the client keeps no such Errors any more.
 */
export function readOriginsAtOnce(sql: Sql): void {
  // It is never asked: nobody awaits it.
  const question = sql`SELECT`
  const prototype: object = Object.getPrototypeOf(question)
  const origin = Object.getOwnPropertySymbols(question).find(
    ({ description }) => description === 'OriginError',
  )
  if (origin === undefined || origin in prototype) return
  Object.defineProperty(prototype, origin, {
    get(this: Asked) {
      return this[kept]
    },
    set(this: Asked, error: unknown) {
      if (error instanceof Error) void error.stack
      this[kept] = error
    },
  })
}
