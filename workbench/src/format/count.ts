/** `1,234`; from ten thousand on short: `12.3k`, `4.1M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return count.toLocaleString('en-US')
  const [value, unit] = count < 999_950 ? [count / 1000, 'k'] : [count / 1_000_000, 'M']
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)}${unit}`
}

/** `1 step`, `3 steps`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}
