/** A span of time in at most seven characters, as the terminal shows it: `3.2 ms`, `412 ms`, `1.24 s`, `2m 03s`, `1h 02m`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`
  const whole = Math.round(seconds)
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60]
  if (minutes < 60) return `${minutes}m ${two(rest)}s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h ${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
