import type { ErrorRecord } from '../../errors.ts';
import { counted } from '../../printable.ts';
import type { Output } from '../../run/run-context.ts';

/** How many reasons are told again; the log has all. */
const reasonsMost = 20;
/** How many are named that share a reason. */
const namedMost = 3;

/** A time to come back, say, which differs from one certificate to the next. */
const instants = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

interface Alike {
  status: string;
  /** The error of the first. */
  error: ErrorRecord;
  names: string[];
  count: number;
}

/**
 * What a run didn't get done, by reasons: at the end of a long run its first failures have left the terminal,
 * and three hundred certificates that fail alike have one reason.
 */
export class RetoldFailures {
  readonly #what: string;
  readonly #kinds = new Map<string, Alike>();

  /** @param what failed, in the singular: `certificate` */
  constructor(what: string) {
    this.#what = what;
  }

  /** @param names its names, the one by which it is known first: an error that differs in them alone is the same */
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
    return this.#byFrequency()
      .slice(0, reasonsMost)
      .map((alike) => reasonOf(alike, this.#what));
  }

  /** How many have another reason than these. */
  get countLeft(): number {
    return sumOf(this.#byFrequency().slice(reasonsMost));
  }

  /** Tells each reason, and how many have others. @param rest what has those, as a command */
  tell(output: Output, rest: string): void {
    for (const { subject, error } of this.reasons()) output.repeat(error, subject);
    if (this.countLeft > 0)
      output.conclude(`and ${counted(this.countLeft, this.#what)} for other reasons: ${rest}`);
  }

  #byFrequency(): Alike[] {
    return [...this.#kinds.values()].sort((one, other) => other.count - one.count);
  }
}

function reasonOf(
  { status, error, names, count }: Alike,
  what: string,
): { subject: string; error: ErrorRecord } {
  const [first = ''] = names;
  const all = names.join(', ');
  const who = count <= namedMost ? all : `${counted(count, what)} (${all} …)`;
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

/** The failed lines of a list, told again at its end where a person may have lost them from sight. */
export class RetoldLines {
  readonly #output: Output;
  readonly #retold: RetoldFailures;
  #count = 0;
  /** How often was anything written before the first of them; null while there is none. */
  #writtenBefore: number | null = null;

  /** @param what a line is about, in the singular: `authorization` */
  constructor(output: Output, what: string) {
    this.#output = output;
    this.#retold = new RetoldFailures(what);
  }

  /** Called before the line is written. @param names those of its subject, the one by which it is known first */
  note(reason: string | null, names: readonly string[]): void {
    this.#writtenBefore ??= this.#output.written();
    this.#count += 1;
    const message = reason ?? 'the CA could not be asked';
    const hint = message.includes('acme-ledger ') ? null : 'the same command tries again';
    this.#retold.add('failed', { code: 'ca-problem', message, hint, problem: null, retryAt: null }, names);
  }

  tell(rest: string): void {
    const { json, isWatched, written } = this.#output;
    if (json || !isWatched || this.#writtenBefore === null) return;
    // Nothing but the failures was written since the first of them: they stand there already.
    if (written() - this.#writtenBefore > this.#count) this.#retold.tell(this.#output, rest);
  }
}
