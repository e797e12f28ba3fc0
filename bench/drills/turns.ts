import { together } from '../city/population.ts'

/** Runs the rows that bear company, so many `at_once`, and after all of them the others one by one. Rejects as soon as one does. */
export async function inTurns<Row extends { readonly is_alone?: boolean }>(
  rows: readonly Row[],
  at_once: number,
  run: (row: Row) => Promise<void>,
): Promise<void> {
  const crowd = rows.filter(({ is_alone }) => !is_alone)
  await together(at_once, crowd.length, async (index) => {
    const row = crowd[index]
    if (row) await run(row)
  })
  for (const row of rows) if (row.is_alone) await run(row)
}
