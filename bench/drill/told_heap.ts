// Loaded by `--import` before a program of a drill: on each of its threads garbage is collected now and then, and what
// lives after that is written down. The kernel counts garbage as well, which an idle heap keeps for a quarter of an hour.
import { appendFileSync } from 'node:fs'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { threadId } from 'node:worker_threads'

const every_ms = Number(process.env.KILAT_DRILL_HEAP_MS)
const path = process.env.KILAT_DRILL_HEAP ?? ''

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

setInterval(() => {
  // Buffers that the first collection found dead are counted until the second one has come.
  for (let turn = 0; turn < 2; turn++) collect()
  const { used_heap_size, external_memory } = getHeapStatistics()
  const told = {
    at_ms: Date.now(),
    pid: process.pid,
    thread: threadId,
    bytes: used_heap_size + external_memory,
  }
  appendFileSync(path, `${JSON.stringify(told)}\n`)
}, every_ms).unref()
