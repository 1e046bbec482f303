import { timeText } from '../../../clock.ts';
import type { NamedAuthorization } from '../../../report/authorizations.ts';

export const csvHead = [
  'id',
  'name',
  'status',
  'challenge',
  'createdAt',
  'expiresAt',
  'source',
  'client',
  'logFile',
  'loggedAt',
  'ca',
  'url',
];

export function csvCells({
  authorization: shown,
  name,
}: NamedAuthorization): (string | number | Date | null)[] {
  return [
    shown.id,
    name,
    shown.status,
    shown.challenge,
    shown.createdAt,
    shown.expiresAt,
    shown.source,
    shown.client,
    shown.logFile,
    shown.loggedAt,
    shown.ca,
    shown.url,
  ];
}

/** The head and the rows of the table; with a column for clients where the list has another client's. */
export function tableOf(listed: readonly NamedAuthorization[]): [string[], string[][]] {
  const hasClients = listed.some(({ authorization: { client } }) => client !== null);
  const client = (cell: string): string[] => (hasClients ? [cell] : []);
  return [
    [...tableHead, ...client('CLIENT'), 'ORDERS'],
    listed.map(({ authorization, name }) => [
      ...cells(authorization, name),
      ...client(authorization.client ?? ''),
      authorization.orders.join(' '),
    ]),
  ];
}

const tableHead = ['ID', 'NAME', 'STATUS', 'CHALLENGE', 'CREATED', 'EXPIRES'];

function cells(shown: NamedAuthorization['authorization'], name: string | null): string[] {
  return [
    String(shown.id),
    name ?? '?',
    shown.refusedAt === null ? shown.status : `${shown.status} (refused)`,
    shown.challengeType === null ? shown.challenge : `${shown.challenge} ${shown.challengeType}`,
    timeText(shown.createdAt).slice(0, 19),
    timeText(shown.expiresAt).slice(0, 19),
  ];
}
