/** One line of the table: what was held against what, how often, and where it differs. */
export interface Finding {
  readonly what: string
  readonly checked: number
  readonly wrong: readonly string[]
  /** Why it was left out. */
  readonly skipped?: string
}
