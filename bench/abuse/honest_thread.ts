// The thread of the honest people: tells what was served whenever it is asked.
import { parentPort, workerData } from 'node:worker_threads'
import { type HonestBirth, Traffic, type Which } from './honest.ts'

const { port, people } = workerData as HonestBirth
const traffic = new Traffic(port, people)
traffic.start()
parentPort?.on('message', async (which: Which) => parentPort?.postMessage(await traffic.seen(which)))
