// `npm run demo [-- --fault] [--url URL]`: the journey of a cat, told step by step; with `--fault` what goes wrong on the way.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { endpointsOf } from './city/backstage.ts'
import { type Ending, playAll, scenesOf } from './demo/play.ts'
import { onStage } from './demo/stage.ts'
import { Stack } from './stack.ts'

const { values } = parseArgs({
  options: { fault: { type: 'boolean', default: false }, url: { type: 'string' } },
})

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function play(url: string, nats_url: string): Promise<readonly Ending[]> {
  return onStage({ url, nats_url }, print, async (stage) => {
    const endings = await playAll(stage, scenesOf(values.fault))
    print(`\n${stage.told.checks} things were held against the story:`)
    return endings
  })
}

/** At an engine that runs already: its data folder, or NATS_URL, tells where its topics are. */
async function guest(url: string): Promise<readonly Ending[]> {
  const { nats_url, data_dir } = loadConfig(process.env)
  return play(url, nats_url ?? (await endpointsOf(data_dir)).nats_url)
}

/** At an engine of its own, with its own stores, which end with it. */
async function host(): Promise<readonly Ending[]> {
  const stack = await Stack.create({ workers: 2 })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stack.stop().finally(() => process.exit(130)))
  print('starting an engine of its own, with its stores; the first start takes up to half a minute')
  try {
    await stack.start()
    return await play(`http://127.0.0.1:${stack.port}`, stack.endpoints.nats_url)
  } finally {
    await stack.stop()
  }
}

const endings = await (values.url === undefined ? host() : guest(values.url.replace(/\/$/, '')))
for (const { title, flaw } of endings)
  print(flaw === undefined ? `  as told    ${title}` : `  NOT as told  ${title}: ${flaw}`)
process.exit(endings.every(({ flaw }) => flaw === undefined) ? 0 : 1)
