/** One server-sent event (HTML, section 9.2). */
export interface ServerSentEvent {
  event: string
  data: string
}

/** Makes events of the pieces in which a body comes; comments and ids are left out. */
export class EventParser {
  private rest = ''
  private event = ''
  private data: string[] = []

  push(piece: string): ServerSentEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n/)
    this.rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.line(line))
  }

  private line(line: string): ServerSentEvent[] {
    if (line === '') return this.end()
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'event') this.event = value ?? ''
    if (name === 'data') this.data.push(value ?? '')
    return []
  }

  private end(): ServerSentEvent[] {
    const { event, data } = this
    this.event = ''
    this.data = []
    return data.length === 0 ? [] : [{ event: event || 'message', data: data.join('\n') }]
  }
}
