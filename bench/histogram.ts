import { build, type Histogram } from 'hdr-histogram-js'

/** A histogram of whole microseconds or nanoseconds, up to ten minutes of microseconds, to three digits. */
export const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3 })

/** Records a time in milliseconds as microseconds. */
export const recordMs = (into: Histogram, ms: number): void =>
  into.recordValue(Math.max(1, Math.round(ms * 1_000)))

/** A percentile in milliseconds of a histogram of microseconds. */
export const percentileMs = (of: Histogram, percentile: number): number =>
  of.getValueAtPercentile(percentile) / 1_000
