/** The files that a page needs before it shows a screen: what its entry and the screen import, one through the other. */
export function filesOf(manifest, sources) {
  const found = new Set()
  const seen = new Set()
  const visit = (source) => {
    const chunk = manifest[source]
    if (chunk === undefined) throw new Error(`the build has no '${source}'`)
    if (seen.has(source)) return
    seen.add(source)
    found.add(chunk.file)
    for (const style of chunk.css ?? []) found.add(style)
    for (const next of chunk.imports ?? []) visit(next)
  }
  for (const source of sources) visit(source)
  return [...found].sort()
}

/** The sources of all screens in a manifest. */
export function screensOf(manifest) {
  return Object.keys(manifest).filter((source) => /^src\/screens\/[^/]+\/index\.tsx$/.test(source))
}
