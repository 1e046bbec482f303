import { once } from 'node:events';
import { openServer } from '../challenges/standalone/server-socket.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { httpAnswersUp, type HttpAnswer } from '../ledger/orders/presentations.ts';
import { ledgerExists, openLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type SocketAddress, socketAddressText } from '../system/socket-address.ts';
import { answerServer, maxConnections, type ServerTally } from './answer-server.ts';
import { PresentedAnswers } from './presented-answers.ts';

/** What the server gave until it was ended. */
export interface Served {
  answered: number;
  notFound: number;
}

/**
 * Answers the tokens that are presented in the ledger, until a signal.
 * @param ready called when it listens
 * @throws AcmeLedgerError `solver` when it can't listen
 */
export async function serveHttp01(
  context: CommandContext,
  listen: SocketAddress,
  ready: (where: string) => void,
): Promise<Served> {
  const { work } = context.stops;
  const reader = ledgerReader(context);
  const answers = new PresentedAnswers({ read: reader.read, tell: (failure) => tell(context, failure) });
  const tally = tallyFor(context);
  const close = await openServer(
    answerServer(
      { known: (token) => answers.known(token), lookFor: (token) => answers.lookFor(token) },
      tally,
    ),
    listen,
    systemClock,
    work,
    maxConnections,
  );
  try {
    await answers.refresh();
    ready(socketAddressText(listen));
    const following = answers.follow(work);
    if (!work.aborted) await once(work, 'abort');
    await following;
  } finally {
    await close();
    await reader.close();
  }
  return { answered: tally.answered, notFound: tally.notFound };
}

/** A ledger that took the place of the one that is open, such as a backup, is found after so long. */
const reopenMs = 30_000;

/** Reads the ledger, which may come later than the server, or go away and come back. */
function ledgerReader({ settings }: CommandContext): {
  read: () => Promise<HttpAnswer[]>;
  close: () => Promise<void>;
} {
  let opened: { ledger: Ledger; atMs: number } | null = null;
  const close = async (): Promise<void> => {
    const { ledger } = opened ?? {};
    opened = null;
    await ledger?.destroy().catch(() => undefined);
  };
  let wasThere = false;
  return {
    close,
    async read() {
      try {
        // An open file can be read after it was moved away.
        const isThere = await ledgerExists(settings);
        if (!isThere && !wasThere) return [];
        if (!isThere) throw new AcmeLedgerError('ledger', "the ledger isn't there any more");
        wasThere = true;
        if (opened !== null && performance.now() - opened.atMs > reopenMs) await close();
        opened ??= { ledger: await openLedger(settings), atMs: performance.now() };
        return await httpAnswersUp(opened.ledger);
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

function tell({ log }: CommandContext, failure: unknown): void {
  if (failure === null) {
    log.warn({}, 'the ledger can be read again');
    return;
  }
  log.warn(
    { error: errorRecord(failure) },
    "the ledger can't be read: what was presented before is answered on, and what comes now is not until it can be read again",
  );
}

/** The log has one line for each answer that was fetched, however often. */
function tallyFor({ log }: CommandContext): ServerTally {
  const told = new Set<string>();
  return {
    answered: 0,
    notFound: 0,
    onAnswered: ({ token, identifier }) => {
      if (told.has(token)) return;
      if (told.size >= mostTold) told.clear();
      told.add(token);
      log.info({ name: identifier }, 'the answer was fetched for the first time');
    },
  };
}

/** Tokens that are remembered as told. */
const mostTold = 10_000;
