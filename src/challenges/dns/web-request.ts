import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { timeLimit } from '../../system/time-limit.ts';
import type { Credentials } from './credentials.ts';
import { ProviderBusy, retryAfterMs } from './provider-pace.ts';

interface JsonPost {
  url: URL;
  headers: Record<string, string>;
  body: unknown;
  timeoutMs: number;
  /** The server in words for a message: `the httpreq server`. */
  who: string;
}

const maxAnswerBytes = 64 * 1024;

/**
 * Posts JSON; any 2xx is success, a redirect isn't followed: it would carry the credentials elsewhere.
 * @throws AcmeLedgerError `solver`; ProviderBusy for 429 and 503; the signal's reason
 */
export async function postJson(
  { url, headers, body, timeoutMs, who }: JsonPost,
  credentials: Pick<Credentials, 'shown'>,
  signal: AbortSignal,
): Promise<void> {
  const limit = timeLimit(timeoutMs, signal);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'acme-ledger', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: limit.signal,
    });
    const text = credentials.shown(await startOf(answer));
    if (answer.ok) return;
    const message = `${who} at ${url.host} answers ${String(answer.status)}${text === '' ? '' : `: ${text}`}`;
    if (answer.status === 429 || answer.status === 503)
      throw new ProviderBusy(message, retryAfterMs(answer.headers.get('retry-after'), new Date()));
    throw new AcmeLedgerError('solver', message, { hint: hintFor(answer.status) });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProviderBusy || error instanceof AcmeLedgerError) throw error;
    const reason = limit.signal.aborted ? `no answer in ${String(timeoutMs / 1000)} s` : causeOf(error);
    throw new AcmeLedgerError(
      'solver',
      `${who} at ${url.host} can't be reached: ${credentials.shown(reason)}`,
      {
        hint: 'see whether it runs, and whether its address is right',
        cause: error,
      },
    );
  } finally {
    limit.clear();
  }
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'see whether the credentials are right, and may edit this name';
  if (status >= 300 && status < 400) return 'redirects are not followed: give the address that it leads to';
  return 'see what the server logged';
}

/** fetch hides why a connection failed in the cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
}

async function startOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader !== undefined && text.length < maxAnswerBytes) {
    const part: { done: boolean; value?: unknown } = await reader.read();
    if (part.value instanceof Uint8Array) text += decoder.decode(part.value, { stream: true });
    if (part.done) return text;
  }
  await reader?.cancel();
  return text;
}
