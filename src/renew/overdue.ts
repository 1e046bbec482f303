import { systemClock } from '../clock.ts';
import { waitsTooLong } from '../issuance/due/fallback-choice.ts';
import { counted } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Renewed } from './work.ts';

const namedMost = 5;

/** The certificates of a run that were deferred for longer than they can wait: somebody has to look. */
export class Overdue {
  readonly #names: string[] = [];

  get count(): number {
    return this.#names.length;
  }

  note({ certificate, status, error }: Renewed): void {
    if (status === 'deferred' && waitsTooLong(error, certificate, systemClock.now()))
      this.#names.push(certificate.name);
  }

  tell({ output }: CommandContext): void {
    if (this.count === 0) return;
    const more = this.count > namedMost ? ` and ${String(this.count - namedMost)} more` : '';
    output.warn(
      `${counted(this.count, 'certificate')} ${this.count === 1 ? 'waits' : 'wait'} for longer than there is time: ${this.#names.slice(0, namedMost).join(', ')}${more}`,
      'acme-ledger renew --dry-run says what each waits for; acme-ledger cert list --due --sort ends shows which ends first',
    );
  }
}
