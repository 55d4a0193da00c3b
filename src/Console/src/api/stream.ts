/** One server-sent event. */
export interface Sent {
  id: string;
  data: string;
}

/** Reads server-sent events out of text that comes in pieces, as the HTML standard says. */
export class SentEvents {
  private rest = '';
  private data: string[] = [];
  /** The last position that was told, whether with an event or without. */
  lastId = '';

  take(piece: string): Sent[] {
    this.rest += piece;
    const found: Sent[] = [];
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.rest);
      if (!end) return found;
      const line = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      if (line === '') {
        if (this.data.length > 0) found.push({ id: this.lastId, data: this.data.join('\n') });
        this.data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'data') this.data.push(value);
      else if (name === 'id') this.lastId = value;
    }
  }
}
