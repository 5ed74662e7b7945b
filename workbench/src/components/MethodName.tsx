import { classes } from './classes.ts'

const COLOURS: Record<string, string> = {
  GET: 'text-api',
  HEAD: 'text-api',
  POST: 'text-event',
  PUT: 'text-cron',
  PATCH: 'text-state',
  DELETE: 'text-bad',
}

/** An HTTP method in its colour. */
export function MethodName({ method, className }: { method: string; className?: string }) {
  return <span className={classes('shrink-0 font-mono text-xs font-semibold', COLOURS[method] ?? 'text-noop', className)}>{method}</span>
}
