// The process of the embedded sandbox: `node child.js`, which reads its order from the first line of its input, tells its
// port on its output, and ends when the input does.
import { createInterface } from 'node:readline'
import { systemEnv } from '../../../engine/system_env.ts'
import { type SandboxOptions, startSandbox } from './server.ts'

process.on('SIGINT', () => {})
const lines = createInterface({ input: process.stdin })
lines.once('line', async (line) => {
  const order = JSON.parse(line) as Omit<SandboxOptions, 'env'>
  const { port } = await startSandbox({ ...order, env: systemEnv('warn') })
  process.stdout.write(`${port}\n`)
})
lines.once('close', () => process.exit(0))
