import { AcmeLedgerError, type Problem } from '../../errors.ts';
import { comparableName } from '../../identifiers.ts';
import { unpauseUrl } from '../../ca-pause.ts';
import { printable } from '../../printable.ts';
import { fieldsOf, listOf, textOf, type Fields } from './fields.ts';
import { problemHint } from './problem-hints.ts';
import { retryAfter, retryAfterInText } from './parse-retry-after.ts';

const namespace = 'urn:ietf:params:acme:error:';
const draftNamespace = 'urn:acme:error:';
const maxDetailLength = 2000;
const pageStart = 8 * 1024; // a page's title comes before its styles; the rest of it is of no use
const maxSubproblems = 200; // more than the names of any order

export interface FailedAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON, or the body's text. */
  data: unknown;
}

/** The hint of a refusal for now whose time nobody knows; where it becomes known, the time is the better hint. */
export const laterHint = 'try again in ten minutes';

/**
 * The error for an answer with a status of 300 or more (RFC 8555 §6.7): `ca-limit` for 429, 503, rateLimited and a pause,
 * `ca-problem` for another problem document, `ca-answer` for anything else (a load balancer's page).
 * @param action what was asked, as in "to make the order"
 */
export function answerError(answer: FailedAnswer, action: string, now: Date): AcmeLedgerError {
  const problem = parseProblem(answer.data, answer.status);
  const isLimit =
    answer.status === 429 ||
    answer.status === 503 ||
    problem?.type === `${namespace}rateLimited` ||
    unpauseUrl(problem) !== null;
  const retryAt =
    retryAfter(single(answer.headers['retry-after']), now) ??
    (isLimit ? retryAfterInText(problem?.detail ?? '', now) : null);
  const said = problem === null ? `HTTP ${String(answer.status)}${excerpt(answer.data)}` : sentence(problem);
  const message = `the CA refused ${action}${isLimit ? ' for now' : ''}: ${said}`;
  const isFault = problem === null && answer.status >= 500;
  const hint =
    problemHint(problem, answer) ??
    (isLimit
      ? retryAt === null
        ? laterHint
        : undefined
      : isFault
        ? 'a fault of the CA: try again later'
        : undefined);
  return new AcmeLedgerError(isLimit ? 'ca-limit' : problem === null ? 'ca-answer' : 'ca-problem', message, {
    httpStatus: answer.status,
    ...(hint === undefined ? {} : { hint }),
    ...(problem === null ? {} : { problem }),
    ...(retryAt === null ? {} : { retryAt }),
  });
}

/**
 * Whether the CA answered with one of these problem types: `isProblem(error, 'orderNotReady')`, without the
 * urn: prefix.
 */
export function isProblem(error: unknown, ...types: string[]): boolean {
  if (!(error instanceof AcmeLedgerError) || error.problem === undefined) return false;
  const { type } = error.problem;
  return types.some((suffix) => type === namespace + suffix);
}

/** 404: unknown to the CA, or expired; Boulder forgets both in the same words (§7.1.6 has no state for it). */
export function isGone(error: unknown): boolean {
  return error instanceof AcmeLedgerError && error.httpStatus === 404;
}

/** A problem document from an error answer, an order or a challenge; null when it is none. All its text is made printable. */
export function parseProblem(value: unknown, status = 0): Problem | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  // A problem that isn't within a resource of the CA may come from a gateway in front of it, whose JSON has a
  // title or a message.
  const members = status === 0 ? ['type', 'detail', ...ownWords] : ['type', 'detail'];
  if (!members.some((member) => typeof fields[member] === 'string')) return null;
  return {
    ...core(fields),
    status: typeof fields['status'] === 'number' ? fields['status'] : status,
    subproblems: listOf(fields['subproblems']).slice(0, maxSubproblems).flatMap(subproblem),
  };
}

type Subproblem = Problem['subproblems'][number];

function subproblem(value: unknown): Subproblem[] {
  const fields = fieldsOf(value);
  if (fields === null) return [];
  const identifier = fieldsOf(fields['identifier']);
  const type = textOf(identifier?.['type']);
  const name = textOf(identifier?.['value']);
  return [
    {
      ...core(fields),
      ...(type === null || name === null ? {} : { identifier: { type, value: comparableName(name) } }),
    },
  ];
}

const ownWords = ['title', 'message'];

/**
 * The words of a problem without `detail` (RFC 7807 §3.1 has `title`; `message` is what many frameworks
 * write).
 */
function ownWordsOf(fields: Fields): string | null {
  return ownWords.map((member) => textOf(fields[member])).find((text) => text !== null) ?? null;
}

/** RFC 7807 §3.1: a missing type is about:blank. */
function core(fields: Fields): { type: string; detail: string } {
  return {
    type: shortened(typeOf(textOf(fields['type']) ?? 'about:blank')),
    detail: shortened(textOf(fields['detail']) ?? ownWordsOf(fields) ?? ''),
  };
}

/** Servers of the years before RFC 8555 have the namespace of its drafts. */
function typeOf(type: string): string {
  return type.startsWith(draftNamespace) ? namespace + type.slice(draftNamespace.length) : type;
}

function sentence(problem: Problem): string {
  const parts = problem.subproblems.map(({ detail, identifier }) =>
    identifier === undefined ? detail : `${identifier.value}: ${detail}`,
  );
  const said = [problem.detail, ...parts].filter((part) => part !== '').join('; ');
  const type = problem.type.startsWith(namespace) ? problem.type.slice(namespace.length) : problem.type;
  return shortened(said === '' ? `${type} (HTTP ${String(problem.status)})` : `${said} (${type})`);
}

/** The start of a page that isn't ACME, to tell whose it is. */
function excerpt(data: unknown): string {
  const fields = fieldsOf(data);
  const page =
    typeof data === 'string' ? data.slice(0, pageStart) : fields === null ? '' : (ownWordsOf(fields) ?? '');
  const text = page
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? '' : ` "${printable(text.slice(0, 120))}"`;
}

function shortened(text: string): string {
  return text.length <= maxDetailLength ? text : `${text.slice(0, maxDetailLength - 1)}…`;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
