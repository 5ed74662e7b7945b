import { classes } from '../components/classes.ts'
import { Link } from '../components/Link.tsx'
import { screens } from '../screens/registry.ts'
import { places } from './places.ts'

/** The screens, by icon and name; below a certain width by icon alone. */
export function Navigation({ current }: { current: string }) {
  return (
    <nav aria-label="Screens" className="flex w-[148px] flex-col gap-0.5 overflow-y-auto border-r bg-canvas p-2 max-lg:w-[48px]">
      {screens.map(({ name, title, icon: Icon, key }) => (
        <Link
          key={name}
          to={places.screen(name)}
          title={`${title} (g ${key})`}
          aria-current={name === current ? 'page' : undefined}
          className={classes(
            'focus-inset flex h-8 items-center gap-2 rounded-md px-2',
            name === current ? 'bg-selected font-medium text-ink' : 'text-muted hover:bg-hover hover:text-ink',
          )}
        >
          <Icon size={16} aria-hidden className={classes('shrink-0', name === current && 'text-accent')} />
          <span className="truncate max-lg:sr-only">{title}</span>
        </Link>
      ))}
    </nav>
  )
}
