const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `512 B`, `1.5 kB`, `23 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}
