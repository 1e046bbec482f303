import type { ProgramResult } from '../support/program.ts';

/** What the commands are called with. */
export interface Surroundings {
  /** Options of the solver and the deploy hook. */
  solver: string[];
  hook: string;
  deployHook: string;
  /** Authorizations that another client of the same account has left. */
  left: string[];
  /** That client's log, which names them. */
  log: string;
  /** The key of another account at the same CA. */
  otherKey: string;
}

/** The certificate that the other command is about, where a command can be about one or another. */
export type Subject = 'site' | 'shop';

/**
 * One of the commands that meet. `site` (a.test, b.test) is stored and due; `late` (k.test) was left by a killed run; `shop` (c.test)
 * isn't wanted yet, and another client has left a pending order for its name.
 */
export interface PairCommand {
  name: string;
  subject: Subject;
  /** It neither asks the CA nor calls a hook: nothing can hold it. */
  isSilent?: true;
  args(surroundings: Surroundings, subject: Subject): string[];
  input?(surroundings: Surroundings): string;
  /** Exit codes beside 0 and 75 that are no fault where two meet. */
  mayEndWith?(result: ProgramResult): boolean;
}

const names: Record<Subject, string[]> = { site: ['a.test', 'b.test'], shop: ['c.test'] };
const otherNames: Record<Subject, string[]> = { site: ['a.test', 'x.test'], shop: ['c.test', 'y.test'] };

// Somebody removed it meanwhile: there is none of this name.
const isMissing = ({ exitCode, stderr }: ProgramResult): boolean =>
  exitCode === 2 && /no certificate/.test(stderr);

export const pairCommands: readonly PairCommand[] = [
  {
    name: 'issue',
    subject: 'shop',
    args: ({ solver }) => ['issue', ...names.shop, '--cert-name', 'shop', ...solver],
  },
  {
    name: 'issue-force',
    subject: 'site',
    args: ({ solver }) => ['issue', ...names.site, '--cert-name', 'site', '--force', ...solver],
  },
  {
    name: 'issue-other',
    subject: 'site',
    args: ({ solver }) => ['issue', ...names.site, 'w.test', '--cert-name', 'site', ...solver],
  },
  { name: 'renew', subject: 'site', args: () => ['renew'] },
  {
    name: 'cert-add',
    subject: 'site',
    isSilent: true,
    args: ({ solver }, subject) => ['cert', 'add', ...otherNames[subject], '--cert-name', subject, ...solver],
  },
  {
    name: 'cert-import',
    subject: 'site',
    isSilent: true,
    args: () => ['cert', 'import', '-'],
    input: ({ hook, deployHook }) =>
      (['site', 'shop'] as const)
        .map((name) =>
          JSON.stringify({ name, names: otherNames[name], challenge: 'http-01', hook, deployHook }),
        )
        .join('\n'),
  },
  {
    name: 'cert-remove',
    subject: 'site',
    isSilent: true,
    args: (_, subject) => ['cert', 'remove', subject],
    mayEndWith: isMissing,
  },
  { name: 'cert-revoke', subject: 'site', args: () => ['cert', 'revoke', 'site'], mayEndWith: isMissing },
  { name: 'clear', subject: 'site', args: () => ['authz', 'clear'] },
  {
    name: 'clear-rate',
    subject: 'shop',
    args: ({ left }) => ['authz', 'clear', '--rate', '2/s', ...left],
  },
  { name: 'clear-log', subject: 'shop', args: ({ log }) => ['authz', 'clear', '--from-log', log] },
  {
    name: 'clear-submit',
    subject: 'shop',
    args: ({ left }) => ['authz', 'clear', '--method', 'submit', ...left],
  },
  { name: 'discover', subject: 'shop', args: () => ['authz', 'discover'] },
  { name: 'sync', subject: 'site', args: () => ['authz', 'sync'] },
  { name: 'account-import', subject: 'site', args: ({ otherKey }) => ['account', 'import', otherKey] },
  { name: 'ledger-check', subject: 'site', isSilent: true, args: () => ['ledger', 'check'] },
];

export function commandNamed(name: string): PairCommand {
  const found = pairCommands.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no command is called ${name}`);
  return found;
}
