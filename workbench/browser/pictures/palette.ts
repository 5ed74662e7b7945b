import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** What a palette of one byte holds. */
const COLOURS = 256
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** So many of the most frequent colours are kept as they are. */
const EXACT = 128
/** Of the others, those that are closer than this count as one; it is lowered until the palette is full. */
const APART = 60

interface Picture {
  width: number
  height: number
  /** Three bytes a pixel. */
  pixels: Uint8Array
}

/**
 * The same picture as a PNG with a palette, which is a third as big.
 *
 * Takes what Chromium makes: eight bits a channel, RGB or RGBA, not interlaced. Throws for another kind.
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decoded(png)
  const counts = new Map<number, number>()
  const at = (pixel: number): number => (pixels[pixel]! << 16) | (pixels[pixel + 1]! << 8) | pixels[pixel + 2]!
  for (let pixel = 0; pixel < pixels.length; pixel += 3) counts.set(at(pixel), (counts.get(at(pixel)) ?? 0) + 1)
  const palette = chosen([...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour))
  const indexes = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]))
  const rows = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      rows[row * (width + 1) + column + 1] = indexes.get(at((row * width + column) * 3))!
    }
  }
  const header = Buffer.from(png.subarray(16, 29))
  header[9] = 3 // a palette
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The most frequent colours, and of the others some that differ from each other, as many as there is room for. */
function chosen(frequent: readonly number[]): number[] {
  const palette = frequent.slice(0, EXACT)
  const isTaken = new Set(palette)
  for (let apart = APART; ; apart = Math.floor(apart / 2)) {
    for (const colour of frequent) {
      if (palette.length === COLOURS) return palette
      if (isTaken.has(colour) || palette.some((other) => distance(colour, other) < apart)) continue
      isTaken.add(colour)
      palette.push(colour)
    }
    if (apart === 0) return palette
  }
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0
  for (const [index, other] of palette.entries()) {
    if (distance(colour, other) < distance(colour, palette[best]!)) best = index
  }
  return best
}

/** By all three channels together. */
function distance(one: number, other: number): number {
  const channel = (shift: number): number => Math.abs(((one >> shift) & 0xff) - ((other >> shift) & 0xff))
  return channel(16) + channel(8) + channel(0)
}

function decoded(png: Buffer): Picture {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const [depth, kind, interlaced] = [png[24], png[25], png[28]]
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0) throw new Error('the picture is of another kind of PNG')
  const bytes = kind === 2 ? 3 : 4
  const lines = unfiltered(inflateSync(Buffer.concat(dataOf(png))), width * bytes, height, bytes)
  if (bytes === 3) return { width, height, pixels: lines }
  return { width, height, pixels: lines.filter((_, at) => at % 4 !== 3) }
}

function dataOf(png: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  return parts
}

/** Undoes what PNG does to each line before it is packed: each byte is written as its difference from those around it. */
function unfiltered(packed: Buffer, width: number, height: number, bytes: number): Uint8Array {
  const lines = new Uint8Array(width * height)
  for (let row = 0; row < height; row += 1) {
    const filter = packed[row * (width + 1)]!
    for (let column = 0; column < width; column += 1) {
      const here = row * width + column
      const left = column < bytes ? 0 : lines[here - bytes]!
      const above = row === 0 ? 0 : lines[here - width]!
      const corner = column < bytes || row === 0 ? 0 : lines[here - width - bytes]!
      const guess = [0, left, above, (left + above) >> 1, closest(left, above, corner)][filter] ?? 0
      lines[here] = packed[row * (width + 1) + column + 1]! + guess
    }
  }
  return lines
}

/** Of the three the one that is closest to `left + above - corner`. */
function closest(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
