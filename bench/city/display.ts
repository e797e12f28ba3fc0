/** Shows how a run goes: one block that is redrawn on a terminal, else a line every few seconds. */
export class Display {
  readonly #lines: () => readonly string[]
  readonly #out: NodeJS.WriteStream
  #timer: NodeJS.Timeout | undefined
  #height = 0

  /** `lines` is asked each time; off a terminal they go on one line. */
  constructor(lines: () => readonly string[], out: NodeJS.WriteStream = process.stderr) {
    this.#lines = lines
    this.#out = out
  }

  start(): void {
    this.#timer = setInterval(() => this.#draw(), this.#out.isTTY ? 250 : 5_000)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#draw()
    this.#height = 0
  }

  #draw(): void {
    const lines = this.#lines()
    if (!this.#out.isTTY) {
      this.#out.write(`${lines.join(' · ')}\n`)
      return
    }
    const width = this.#out.columns
    const up = this.#height > 0 ? `\x1b[${this.#height}A` : ''
    this.#out.write(`${up}${lines.map((line) => `\x1b[2K${line.slice(0, width)}\n`).join('')}`)
    this.#height = lines.length
  }
}
