import { isIP } from 'node:net';
import type { ChallengeAnswer } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import type { HttpLook } from '../web/http-look.ts';
import type { ServedLook } from './served-looks.ts';

/** The error for an address that lacks the token for the CA, too. */
export function answersElse(answer: ChallengeAnswer, seen: ServedLook): AcmeLedgerError {
  const { name, said } = told(answer, seen);
  return new AcmeLedgerError('solver', `${said}: the CA would fail it, so nothing was submitted`, {
    hint:
      `see which web server has that address, or take its record out of the DNS: acme-ledger check ${shellWord(name)} says more. ` +
      '--no-check leaves the look out',
  });
}

/**
 * The warning of an address that may show the CA something else.
 * @param isLast the run doesn't ask the address again
 */
export function mayAnswerElse(
  answer: ChallengeAnswer,
  seen: ServedLook,
  { isLast }: { isLast: boolean },
): { message: string; hint: string } {
  const { name, said } = told(answer, seen);
  return {
    message: `${said}. It is submitted all the same: the CA may see something else`,
    hint: `acme-ledger check ${shellWord(name)} says more${isLast ? `; this run does not ask ${seen.address} again` : ''}`,
  };
}

function told({ identifier: { value } }: ChallengeAnswer, { address, look }: ServedLook) {
  const name = printable(value);
  const where = isIP(value) === 0 ? ` at ${address}` : '';
  return { name, said: `${name}${where} answers ${shown(look)} instead of the token` };
}

function shown(look: HttpLook): string {
  if (look.is === 'loop') return 'with a circle of redirects';
  if (look.is === 'forbidden-redirect') return `with a redirect to ${printable(look.location.slice(0, 100))}`;
  if (look.is !== 'answered') return look.is;
  const seen = look.status === 200 ? `"${printable(look.body.slice(0, 40))}"` : String(look.status);
  const end = look.hops.at(-1);
  return end === undefined ? seen : `${seen} (redirected to ${printable(end.slice(0, 100))})`;
}
