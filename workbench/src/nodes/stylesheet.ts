/** Around what custom nodes draw: only there the names of classes mean what Tailwind says. */
export const SCOPE = 'custom-node'

/** What Tailwind compiles; its values stand in the rules themselves, since variables of the same names are ours. */
export const SOURCE = `
  @import 'theme' layer(theme) theme(inline);
  @custom-variant dark (&:where(.${SCOPE}.is-dark *));
  @layer utilities { .${SCOPE} { @tailwind utilities; } }
`
