import { explain } from '../../api/error.ts'
import { shapeOf, type Reply, type Shape } from './reply.ts'

/** Of a body so much is kept. */
const MOST_BYTES = 4 * 1024 * 1024

export interface Sent {
  method: string
  url: string
  headers: [string, string][]
  body: string | undefined
}

/** Sends a request and calls back as its answer comes, at the end with `isComplete`. Throws when no answer comes. */
export async function send(sent: Sent, signal: AbortSignal, onReply: (reply: Reply) => void): Promise<void> {
  const began = performance.now()
  const init: RequestInit = { method: sent.method, headers: sent.headers, cache: 'no-store', signal }
  if (sent.body !== undefined) init.body = sent.body
  const response = await fetch(sent.url, init)
  const head = headOf(response, (performance.now() - began) / 1000)
  onReply(head)
  const body = new Body(head.shape, response.headers.get('content-type') ?? '')
  const now = (): Partial<Reply> => ({ ...body.shown(), seconds: (performance.now() - began) / 1000 })
  try {
    // Not every browser lets a body be iterated.
    const reader = response.body?.getReader()
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      body.push(part.value)
      onReply({ ...head, ...now() })
    }
    body.end()
    onReply({ ...head, ...now(), isComplete: true })
  } catch (error) {
    onReply({ ...head, ...now(), isComplete: true, error: signal.aborted ? 'You have stopped it.' : explain(error) })
  }
}

function headOf(response: Response, seconds: number): Reply {
  const { status, statusText, headers } = response
  return {
    status,
    statusText,
    headers: [...headers].toSorted(([a], [b]) => a.localeCompare(b)),
    redirected: response.redirected ? response.url : null,
    traceId: headers.get('x-trace-id'),
    shape: response.body === null ? 'none' : shapeOf(headers.get('content-type') ?? ''),
    body: '',
    bytes: 0,
    isCut: false,
    isComplete: false,
    headSeconds: seconds,
    seconds,
    error: '',
  }
}

/** Keeps the beginning of a body, as it is to be shown. */
class Body {
  private bytes = 0
  private kept = 0
  private text = ''
  private readonly pieces: Uint8Array[] = []
  private readonly decoder = new TextDecoder()
  private isEnded = false

  constructor(
    private readonly shape: Shape,
    private readonly type: string,
  ) {}

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length
    const piece = chunk.subarray(0, MOST_BYTES - this.kept)
    this.kept += piece.length
    if (this.shape === 'image') this.pieces.push(piece)
    else if (this.shape !== 'bytes') this.text += this.decoder.decode(piece, { stream: true })
  }

  end(): void {
    this.isEnded = true
  }

  shown(): Pick<Reply, 'body' | 'bytes' | 'isCut'> {
    const isCut = this.bytes > this.kept
    // A picture is shown when it is whole; the policy of the page lets it come from a data: URL only.
    const body = this.shape !== 'image' ? this.text : this.isEnded && !isCut ? dataUrl(this.type, this.pieces) : ''
    return { body, bytes: this.bytes, isCut }
  }
}

function dataUrl(type: string, pieces: Uint8Array[]): string {
  let binary = ''
  for (const piece of pieces) for (const byte of piece) binary += String.fromCharCode(byte)
  return `data:${type};base64,${btoa(binary)}`
}
