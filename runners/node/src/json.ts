// Value -> JSON text for response bodies. JSON.stringify would leave out functions and turn a Set into {}
// without a word, so a value is looked over first; it then does the work unless there is something it cannot do.

import { describeUnsendable, isRecord, MAX_DEPTH, Refusal } from './refusal.js';

/** Gives the JSON text of a value; `where` names it in errors. Throws `UnsendableError`, and what a `toJSON` throws. */
export function toJson(value: unknown, where: string): string {
  const survey = new Survey();
  try {
    survey.look(value);
  } catch (error) {
    throw Refusal.named(error, where);
  }
  return survey.needsOwnWriter ? write(value) : (JSON.stringify(value) ?? 'null');
}

/** A walk over a value that refuses what JSON has no form for. */
class Survey {
  /** True when there was a Map or a big integer, which JSON.stringify cannot write. */
  needsOwnWriter = false;
  private readonly ancestors: object[] = [];

  look(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.lookInside(value);
    else if (typeof value === 'bigint') this.needsOwnWriter = true;
    else if (typeof value === 'function' || typeof value === 'symbol') throw new Refusal(describeUnsendable(value));
  }

  private lookInside(value: object): void {
    if (this.ancestors.includes(value)) throw new Refusal('contains itself');
    if (this.ancestors.length >= MAX_DEPTH) throw new Refusal(`is nested deeper than ${MAX_DEPTH}`);
    if (hasToJson(value)) return;
    this.ancestors.push(value);
    if (Array.isArray(value)) this.lookAtItems(value);
    else if (value instanceof Map) this.lookAtMap(value);
    else if (isRecord(value) && !(Symbol.asyncIterator in value)) this.lookAtEntries(value);
    else throw new Refusal(describeUnsendable(value));
    this.ancestors.pop();
  }

  private lookAtItems(items: readonly unknown[]): void {
    let i = 0;
    try {
      for (; i < items.length; i++) this.look(items[i]);
    } catch (error) {
      throw Refusal.within(error, i);
    }
  }

  private lookAtEntries(record: Record<string, unknown>): void {
    let key = '';
    try {
      for (key of Object.keys(record)) this.look(record[key]);
    } catch (error) {
      throw Refusal.within(error, key);
    }
  }

  private lookAtMap(map: Map<unknown, unknown>): void {
    this.needsOwnWriter = true;
    this.lookAtEntries(Object.fromEntries(map) as Record<string, unknown>);
  }
}

function write(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || hasToJson(value)) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const present = entries.filter(([, item]) => item !== undefined);
  return `{${present.map(([key, item]) => `${JSON.stringify(String(key))}:${write(item)}`).join(',')}}`;
}

function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
