import type { ChallengeAnswer } from '../../challenges/solver.ts';
import { assertAnswered } from '../../challenges/visibility/visible-answer.ts';
import { assertTlsAnswer } from '../../challenges/visibility/visible-tls.ts';
import { systemClock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { beginTestAnswer, isProbeUp } from '../../ledger/names/probes.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { CheckParts } from '../check-parts.ts';
import type { Addresses } from '../dns/addresses.ts';
import { type Found, found } from '../finding.ts';
import type { Subject } from '../subject.ts';
import { type TestAnswerParts, newTestAnswer, tryAnswer } from './test-answer.ts';
import { lookAtHttp } from '../web/http-look.ts';

/** What putting up test answers needs of the run and the ledger. */
export interface DeepParts extends TestAnswerParts {
  /** The account that the subject's certificate is ordered by. */
  account: AccountRow;
}

/**
 * Puts a test answer up the way the certificate would, looks at it where the CA would, at every address, and
 * takes it down.
 */
export async function checkDeep(
  subject: Subject,
  addresses: Addresses,
  parts: CheckParts,
  deep: DeepParts,
): Promise<Found[]> {
  const { name, type, settings } = subject;
  if (settings === null)
    return [found('not-looked', `nothing says how ${name} would be proven: no test answer was put up`)];
  const probe = newTestAnswer(settings, name, deep.account.key_thumbprint);
  const tried = await tryAnswer(deep, {
    settings,
    begin: () => beginTestAnswer(deep.writer, deep.account.id, { type, value: name }, probe),
    look: (answer, signal) => unseen(subject, answer, addresses, { ...parts, signal }),
  });
  if (tried.is === 'interrupted') return [];
  if (tried.is === 'not-begun')
    return [
      found(
        'not-looked',
        `a test answer for ${name} is up already; acme-ledger renew takes down what was left`,
      ),
    ];
  const isLeft = await isProbeUp(deep.writer.ledger, tried.row);
  const left = isLeft
    ? [found('answer-left-up', `the test answer for ${name} could not be taken down again`)]
    : [];
  switch (tried.is) {
    case 'not-put-up':
      return [
        found(
          'answer-not-put-up',
          `the test answer for ${name} could not be put up: ${messageOf(tried.error)}`,
        ),
        ...left,
      ];
    case 'not-seen':
      return [found('answer-not-seen', messageOf(tried.error)), ...left];
    case 'seen':
      return [...tried.seen, ...left];
  }
}

/** The addresses where the answer isn't seen. @throws AcmeLedgerError `solver` for a record that isn't seen */
async function unseen(
  subject: Subject,
  answer: ChallengeAnswer,
  { ipv4, ipv6 }: Addresses,
  parts: CheckParts,
): Promise<Found[]> {
  const { view, signal } = parts;
  if (answer.type === 'dns-01') {
    if (subject.settings === null) return [];
    const { httpPort, tlsPort, answerResolver: resolver } = view;
    await assertAnswered(answer, subject.settings, { resolver, httpPort, tlsPort }, systemClock, signal);
    return [];
  }
  const all = subject.type === 'ip' ? [subject.base] : [...ipv6, ...ipv4];
  const looks = await Promise.all(
    all.map(async (address) => {
      const why =
        answer.type === 'http-01'
          ? await whyUnseenByHttp(answer, address, parts)
          : await whyUnseenByTls(answer, address, parts);
      return why === null
        ? []
        : [found('answer-not-seen', `${subject.base} (${address}) does not show the test answer: ${why}`)];
    }),
  );
  return looks.flat();
}

async function whyUnseenByHttp(
  answer: ChallengeAnswer,
  address: string,
  parts: CheckParts,
): Promise<string | null> {
  const path = `/.well-known/acme-challenge/${answer.token}`;
  const look = await lookAtHttp({ host: answer.identifier.value, path, address }, parts);
  switch (look.is) {
    case 'answered':
      // RFC 8555 §8.3: whitespace at the end is ignored.
      if (look.body.trimEnd() === answer.keyAuthorization) return null;
      return look.status === 200
        ? `it answers "${look.body.slice(0, 60)}"`
        : `it answers ${String(look.status)}`;
    case 'unconnected':
      if (look.reason !== 'unreachable') return look.message;
      parts.machine.noteNoIpv6();
      return null;
    case 'garbled':
      return look.message;
    case 'loop':
      return 'it redirects in a circle';
    case 'forbidden-redirect':
    case 'elsewhere':
      return `it redirects to ${look.location.slice(0, 200)}`;
  }
}

async function whyUnseenByTls(
  answer: ChallengeAnswer,
  address: string,
  { view, signal }: CheckParts,
): Promise<string | null> {
  try {
    await assertTlsAnswer(answer, [address], view, signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
