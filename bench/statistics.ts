/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** `1.23 (1.20–1.31)`, or without the range where there was one run. */
export function medianWithRange(values: readonly number[], format: (value: number) => string): string {
  const middle = format(median(values));
  if (values.length < 2) return middle;
  return `${middle} (${format(Math.min(...values))}–${format(Math.max(...values))})`;
}
