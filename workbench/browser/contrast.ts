/**
 * The visible texts of the page whose contrast is less than WCAG AA wants (4.5, or 3 for large text), with what they are on.
 *
 * It runs in the page, so that it can refer to nothing outside itself. What a dialog covers and what is disabled is left out,
 * as the standard does.
 */
export function faintTexts(): string[] {
  type Colour = [red: number, green: number, blue: number, alpha: number]
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!
  const known = new Map<string, Colour>()
  const read = (css: string): Colour => {
    const before = known.get(css)
    if (before !== undefined) return before
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = css
    canvas.fillRect(0, 0, 1, 1)
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data
    const colour: Colour = [red, green, blue, alpha / 255]
    known.set(css, colour)
    return colour
  }
  const over = ([r, g, b, a]: Colour, [red, green, blue]: Colour): Colour => [r * a + red * (1 - a), g * a + green * (1 - a), b * a + blue * (1 - a), 1]
  const light = ([red, green, blue]: Colour): number => {
    const channel = (value: number): number => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue)
  }
  const contrast = (one: Colour, other: Colour): number => {
    const [dark = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b)
    return (bright + 0.05) / (dark + 0.05)
  }
  const ancestors = (element: Element): Element[] => (element.parentElement === null ? [element] : [...ancestors(element.parentElement), element])
  const inSight = (text: Text): boolean => {
    const range = document.createRange()
    range.selectNodeContents(text)
    const box = range.getBoundingClientRect()
    if (box.width < 2 || box.height < 2 || box.bottom < 0 || box.right < 0 || box.top > innerHeight || box.left > innerWidth) return false
    return text.parentElement?.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ?? false
  }
  const root = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const found: string[] = []
  while (walker.nextNode()) {
    const text = walker.currentNode as Text
    const element = text.parentElement
    if (element === null || text.data.trim() === '' || !inSight(text)) continue
    if (element.closest(':disabled, [aria-disabled=true], option, script, style') !== null) continue
    let ground: Colour = read('Canvas')
    let opacity = 1
    for (const each of ancestors(element)) {
      const { backgroundColor, opacity: own } = getComputedStyle(each)
      ground = over(read(backgroundColor), ground)
      opacity *= Number(own)
    }
    const { color, fontSize, fontWeight } = getComputedStyle(element)
    const [red, green, blue, alpha] = read(color)
    const size = Number.parseFloat(fontSize)
    const least = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5
    const reached = contrast(over([red, green, blue, alpha * opacity], ground), ground)
    if (reached < least) found.push(`${reached.toFixed(2)} "${text.data.trim().slice(0, 40)}" ${color} in ${element.outerHTML.slice(0, 120)}`)
  }
  return found
}
