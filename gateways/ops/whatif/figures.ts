/** The arithmetic of distributions. */

/** By nearest rank: the least value that a share of all do not exceed. Undefined of nothing. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

export const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sumOf(values) / values.length

/**
 * Gini's coefficient: half of the mean absolute difference of all pairs, relative to the mean. 0: all have the same;
 * near 1: one has all. From values in rising order it is 2 * sum(i * x[i]) / (n * sum(x)) - (n + 1) / n, i from 1
 * (C. Gini, Variabilità e mutabilità, 1912; A. Sen, On Economic Inequality, 1973, 2.6). Undefined where nobody has
 * anything.
 */
export function gini(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const sum = sumOf(sorted)
  if (sum === 0) return undefined
  const n = sorted.length
  const weighted = sumOf(sorted.map((value, index) => (index + 1) * value))
  return (2 * weighted) / (n * sum) - (n + 1) / n
}

/** The ninth decile by the first; undefined where a tenth of all have nothing. */
export function deciles(values: readonly number[]): number | undefined {
  const [low = 0, high = 0] = [percentile(values, 0.1), percentile(values, 0.9)]
  return low === 0 ? undefined : high / low
}
