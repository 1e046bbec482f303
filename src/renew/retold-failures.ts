import type { ErrorRecord } from '../errors.ts';
import { counted } from '../printable.ts';

/** How many reasons are told again; the log has all. */
const reasonsMost = 20;
/** How many certificates are named that share a reason. */
const namedMost = 3;

/** A time to come back, say, which differs from one certificate to the next. */
const instants = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

interface Alike {
  status: string;
  /** The error of the first certificate. */
  error: ErrorRecord;
  names: string[];
  count: number;
}

/**
 * What a run didn't get done, by reasons: at the end of a long run its first failures have left the terminal,
 * and three hundred certificates that fail alike have one reason.
 */
export class RetoldFailures {
  readonly #kinds = new Map<string, Alike>();

  /** @param names the names of the certificate, by its own first: an error that differs in them alone is the same */
  add(status: string, error: ErrorRecord, names: readonly string[]): void {
    const key = `${status} ${error.code} ${masked(error.message, names)}`;
    const alike = this.#kinds.get(key) ?? { status, error, names: [], count: 0 };
    this.#kinds.set(key, alike);
    alike.count += 1;
    const [name = ''] = names;
    if (alike.names.length < namedMost) alike.names.push(name);
  }

  /** One error for each reason, the most frequent first. */
  reasons(): { subject: string; error: ErrorRecord }[] {
    return this.#byFrequency().slice(0, reasonsMost).map(reasonOf);
  }

  /** How many certificates have another reason than these. */
  get countLeft(): number {
    return sumOf(this.#byFrequency().slice(reasonsMost));
  }

  #byFrequency(): Alike[] {
    return [...this.#kinds.values()].sort((one, other) => other.count - one.count);
  }
}

function reasonOf({ status, error, names, count }: Alike): { subject: string; error: ErrorRecord } {
  const [first = ''] = names;
  const all = names.join(', ');
  const who = count <= namedMost ? all : `${counted(count, 'certificate')} (${all} …)`;
  const isOfFirst = count > 1 && error.hint?.includes(first) === true;
  return {
    subject: `${who}: ${status}`,
    error: isOfFirst ? { ...error, hint: `for ${first}: ${error.hint ?? ''}` } : error,
  };
}

function sumOf(kinds: readonly Alike[]): number {
  return kinds.reduce((sum, { count }) => sum + count, 0);
}

function masked(message: string, names: readonly string[]): string {
  return [...names]
    .sort((one, other) => other.length - one.length)
    .reduce((text, name) => text.replaceAll(name, '*'), message.replaceAll(instants, '*'));
}
