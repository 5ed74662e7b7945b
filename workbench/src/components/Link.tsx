import type { ComponentPropsWithRef } from 'react'

import { formatRoute, type Route } from '../app/route.ts'
import { classes } from './classes.ts'

interface LinkProps extends Omit<ComponentPropsWithRef<'a'>, 'href'> {
  to: Partial<Route>
}

/** A link to a place of the Workbench, which can be opened in another tab or shared. */
export function Link({ to, className, ...rest }: LinkProps) {
  return <a href={formatRoute(to)} className={classes('rounded-sm', className ?? 'text-accent hover:underline')} {...rest} />
}
