import type { Level } from '../../api/types.ts'
import { classes } from '../../components/classes.ts'

export const LEVEL_COLOURS: Record<Level, string> = { debug: 'text-faint', info: 'text-busy', warn: 'text-warn', error: 'text-bad' }

export function LevelMark({ level }: { level: Level }) {
  return <span className={classes('font-mono text-xs uppercase', LEVEL_COLOURS[level])}>{level}</span>
}
