// Disks that can be cut from power: an ext4 file system in a file, mounted by loop.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from '../../pause.ts'

const still_tries_max = 50
const still_ms = 100

function command(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** Why no disk can be made here: nothing when it can. */
export async function diskTrouble(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'file systems in a file are mounted on Linux only'
  if (process.getuid?.() !== 0) return 'only root may mount a file system in a file'
  const dir = await mkdtemp(join(tmpdir(), 'kilat-disk-probe-'))
  try {
    const disk = await Disk.make(dir, join(dir, 'mounted'), 16)
    await disk.remove()
    return undefined
  } catch (error) {
    return `no file system in a file can be mounted here: ${String(error)}`
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** A file system of its own below one folder. It is taken away however this process ends. */
export class Disk {
  readonly at: string
  readonly #dir: string
  readonly #guard: ChildProcess
  #image: string
  #cuts = 0

  private constructor(dir: string, at: string, image: string) {
    this.#dir = dir
    this.at = at
    this.#image = image
    // In a session of its own: whoever ends our group leaves it to clean up after us. By its command line it is none
    // of those who work on the folder.
    const clean = 'cat >/dev/null; umount -l "$KILAT_AT" 2>/dev/null; rm -f "$KILAT_IMAGES"/disk-*.img'
    this.#guard = spawn('/bin/sh', ['-c', clean], {
      detached: true,
      cwd: '/',
      env: { ...process.env, KILAT_AT: at, KILAT_IMAGES: dir },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
  }

  /** A fresh one of so many MiB, mounted at `at`; its images are kept in `dir`. Rejects where that is not allowed. */
  static async make(dir: string, at: string, size_mb: number): Promise<Disk> {
    const name = at.replaceAll('/', '-')
    const image = join(dir, `disk${name}-0.img`)
    await mkdir(at, { recursive: true })
    command('truncate', '-s', `${size_mb}M`, image)
    command('mkfs.ext4', '-q', '-F', '-m', '0', image)
    const disk = new Disk(dir, at, image)
    try {
      disk.#mount()
      // A database wants its folder empty.
      await rm(join(at, 'lost+found'), { recursive: true })
      return disk
    } catch (error) {
      await disk.remove()
      throw error
    }
  }

  /** All that was written so far is on the disk, as after half a minute at rest. */
  sync(): void {
    command('sync', '-f', this.at)
  }

  /**
   * What a power cut would leave at this moment: the image as the block device has it, without all that only the
   * kernel's memory holds. Those who write must stand still. Rejects when the device does not come to rest.
   */
  async cut(): Promise<string> {
    this.#cuts += 1
    const copy = join(this.#dir, `disk${this.at.replaceAll('/', '-')}-${this.#cuts}.img`)
    for (let tries = 0; tries < still_tries_max; tries++) {
      const before = this.#writes()
      if (before !== undefined) {
        command('cp', '--sparse=always', this.#image, copy)
        // A write amid the copy would make a disk that never was.
        if (this.#writes() === before) return copy
      }
      await pause(still_ms)
    }
    throw new Error(`the disk at ${this.at} is never at rest`)
  }

  /** Puts the image in the place of the present one, as the machine finds it when power is back. */
  async boot(image: string): Promise<void> {
    this.#unmount()
    await rm(this.#image, { force: true })
    this.#image = image
    this.#mount()
  }

  async remove(): Promise<void> {
    this.#unmount()
    this.#guard.stdin?.end()
    await rm(this.#image, { force: true })
  }

  #mount(): void {
    command('mount', '-o', 'loop', this.#image, this.at)
  }

  #unmount(): void {
    if (spawnSync('umount', [this.at]).status === 0) return
    // Somebody is still at it, or it is not mounted at all.
    spawnSync('umount', ['-l', this.at])
  }

  /** Writes that the block device has done; undefined while one is under way. */
  #writes(): string | undefined {
    const device = command('findmnt', '-n', '-o', 'SOURCE', this.at).trim().replace('/dev/', '')
    const path = `/sys/block/${device}/stat`
    if (!existsSync(path)) throw new Error(`${device} is no block device of its own`)
    const fields = readFileSync(path, 'utf8').trim().split(/\s+/)
    return fields[8] === '0' ? `${fields[4]} ${fields[6]}` : undefined
  }
}
