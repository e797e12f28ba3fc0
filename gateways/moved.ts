import type { Board } from '../engine/board.ts'
import type { Cancel, Env } from '../engine/env.ts'
import { limits } from '../protocols/limits.ts'

/** Calls once when another engine has taken a shard of this one over: it serves nobody any more, and waits to be ended. */
export function whenMoved(board: Board, env: Env, call: () => void): Cancel {
  let cancel: Cancel = () => {}
  const look = () => {
    if (board.states().shards === 'moved') call()
    else cancel = env.after(limits.moved_poll_ms, look)
  }
  look()
  return () => cancel()
}
