/** Whole numbers as inclusive ranges, ascending and pairwise apart. Sorts `seqs` in place; repeats are dropped. */
export function rangesOf(seqs: number[]): [number, number][] {
  if (seqs.length > 1) seqs.sort((a, b) => a - b)
  const ranges: [number, number][] = []
  let last: [number, number] | undefined
  for (const seq of seqs) {
    if (last && seq <= last[1] + 1) last[1] = seq
    else {
      last = [seq, seq]
      ranges.push(last)
    }
  }
  return ranges
}
