import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Bench, Result } from './result.ts'

const folder = 'bench/results'

interface Row {
  readonly bench: Bench
  readonly result: Result
}

/** One line a row, for people. */
export function table(rows: readonly Row[]): string {
  const head = ['name', 'ours', 'floor', 'peer', 'unit', 'rounds', '/floor', '/peer', 'target', 'met']
  const lines = rows.map(({ bench, result }) => [
    result.name,
    text(result.ours),
    text(result.floor),
    text(result.peer),
    result.unit,
    text(result.rounds),
    text(result.ratio_floor),
    text(result.ratio_peer),
    bench.target,
    bench.meets(result) ? 'yes' : 'no',
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  )
  return [head, ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}

const text = (value: number | null) => (value === null ? '-' : value.toLocaleString('en-US'))

/** Puts the rows into `bench/results/latest.json`, beside those of other benches, and draws one picture each. */
export async function keep(rows: readonly Row[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'latest.json')
  const kept = new Map<string, unknown>(Object.entries(await keptRows(path)))
  for (const { result } of rows) kept.set(result.name, result)
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' }
  await writeFile(path, `${JSON.stringify({ machine, rows: Object.fromEntries(kept) }, null, 2)}\n`)
  for (const { bench, result } of rows)
    await writeFile(join(folder, `${result.name}.svg`), picture(result, bench.target))
}

async function keptRows(path: string): Promise<object> {
  try {
    const { rows } = JSON.parse(await readFile(path, 'utf8')) as { rows?: object }
    return rows ?? {}
  } catch {
    return {}
  }
}

const width = 640
const bar_height = 34
const left = 90
const colours = { ours: '#1f77b4', floor: '#9aa5b1', peer: '#d98c3f' }

/** Horizontal bars for ours, the floor and the peer, as far as there are any. */
export function picture(result: Result, target: string): string {
  const bars = (['ours', 'floor', 'peer'] as const).flatMap((who) => {
    const value = result[who]
    return value === null ? [] : [{ who, value }]
  })
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const height = 70 + bars.length * bar_height
  const drawn = bars.map(({ who, value }, index) => {
    const y = 46 + index * bar_height
    const length = Math.max(1, (value / longest) * (width - left - 150))
    return [
      `  <text x="${left - 10}" y="${y + 16}" text-anchor="end">${who}</text>`,
      `  <rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="22" rx="3" fill="${colours[who]}"/>`,
      `  <text x="${(left + length + 8).toFixed(1)}" y="${y + 16}">${text(value)} ${escaped(result.unit)}</text>`,
    ].join('\n')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="14">`,
    `  <rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `  <text x="16" y="28" font-size="18" font-weight="bold">${escaped(result.name)}</text>`,
    ...drawn,
    `  <text x="16" y="${height - 10}" fill="#555555">target: ${escaped(target)}</text>`,
    '</svg>',
    '',
  ].join('\n')
}

const escaped = (value: string) =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
