// A load generator in a process of its own, told what to do by the bench that forked it.
import type { LoadTrip, RunnerPerson } from './fleet.ts'
import { type PingCounts, Pinger } from './pinger.ts'

export type PingerOrder =
  | {
      readonly type: 'open'
      readonly port: number
      readonly runners: readonly RunnerPerson[]
      readonly trips: readonly LoadTrip[]
      readonly window: number
    }
  | { readonly type: 'round'; readonly fixes: number }
  | { readonly type: 'close' }

/** `ms` is what the order took; the counts run on from order to order. */
export type PingerAnswer =
  | { readonly type: 'done'; readonly ms: number; readonly counts: PingCounts }
  | { readonly type: 'failed'; readonly why: string }

const pinger = new Pinger()

async function obey(order: PingerOrder): Promise<number> {
  const start = performance.now()
  if (order.type === 'open') await pinger.open(order.port, order.runners, order.trips, order.window)
  if (order.type === 'round') await pinger.round(order.fixes)
  if (order.type === 'close') pinger.close()
  return performance.now() - start
}

const answer = (word: PingerAnswer) => process.send?.(word)

process.on('message', (order: PingerOrder) => {
  obey(order).then(
    (ms) => answer({ type: 'done', ms, counts: pinger.counts }),
    (cause: unknown) => answer({ type: 'failed', why: String(cause) }),
  )
})
process.on('disconnect', () => process.exit(0))
