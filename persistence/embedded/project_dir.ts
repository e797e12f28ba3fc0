import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, from the sources as well as from dist. */
export function projectDir(): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'package.json'))) {
    const up = dirname(dir)
    if (up === dir) throw new Error('there is no package.json above the code')
    dir = up
  }
  return dir
}

/** The compiled program of this folder with that name; tests run from the sources, but a child needs JavaScript. */
export function entryFile(name: string): string {
  return join(projectDir(), 'dist', 'persistence', 'embedded', `${name}.js`)
}
