// A thread that plays one seed after another, as `player.ts` hands them out.
import { parentPort } from 'node:worker_threads'
import { planOf } from './plan.ts'
import type { Order } from './player.ts'
import { playTwice } from './seeds.ts'

parentPort?.on('message', async ({ seed, minutes }: Order) => {
  parentPort?.postMessage(await playTwice(planOf(seed, minutes)))
})
