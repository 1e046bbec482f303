import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateKey, pemOf } from '../../src/certificates/key.ts';
import { makeAuthority } from '../certificates/authority.ts';
import { type Installation, newInstallation } from './installation.ts';
import type { ProgramOptions, ProgramResult } from './program.ts';
import { runProgram } from './program.ts';

/** CAs that nothing is ever sent to. */
export const authorities = {
  usual: 'https://usual.invalid/dir',
  full: 'https://full.invalid/dir',
  lost: 'https://lost.invalid/dir',
} as const;

const dayMs = 86_400_000;

/** The time so many days from now, or before. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * dayMs).toISOString();
}

/** A ledger with certificates, names and accounts in all states that lists tell apart, made without a CA. */
export interface ListedLedger extends Omit<Installation, 'run'> {
  /** Runs the program on the ledger, over the accounts of all CAs. */
  run(args: string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** Writes certificates down as wanted. */
  want(...certificates: { name: string; names?: string[]; ca?: string }[]): Promise<void>;
  /** Puts a certificate's files in place, and its dates into the ledger. */
  store(name: string, days: { since: number; left: number }): Promise<void>;
  /** Lets a name fail, on the account at the usual CA. */
  fail(name: string, error: object, columns?: Record<string, string | number | null>): void;
}

export async function newListedLedger(): Promise<ListedLedger> {
  const here = await newInstallation({ directoryUrl: authorities.usual, caFile: '' });
  const authority = await makeAuthority('Root', 'Intermediate');
  const keyPem = pemOf(await generateKey('ec256'));
  const run = (args: string[], options?: ProgramOptions): Promise<ProgramResult> =>
    runProgram(['--state-dir', here.stateDir, '--probe-every', 'never', ...args], options);
  const want: ListedLedger['want'] = async (...certificates) => {
    const lines = certificates.map(({ name, names = [name], ca = authorities.usual }) =>
      JSON.stringify({ name, names, ca, webroot: here.webroot }),
    );
    const result = await run(['cert', 'import', '-'], { input: `${lines.join('\n')}\n` });
    if (result.exitCode !== 0) throw new Error(result.stderr);
  };
  await want({ name: 'first.test' });
  here.change('delete from certificates');
  Object.values(authorities).forEach((ca, index) => {
    here.change(
      'insert into accounts (ca, url, key_file, key_thumbprint, status, created_at) values (?, ?, ?, ?, ?, ?)',
      ca,
      `${ca}/account`,
      `accounts/${String(index)}.pem`,
      `thumbprint-${String(index)}`,
      ca === authorities.lost ? 'deactivated' : 'valid',
      inDays(-100),
    );
  });
  return {
    ...here,
    run,
    want,
    async store(name, { since, left }) {
      const [row] = here.rows<{ names: string }>('select names from certificates where name = ?', name);
      const names = JSON.parse(row?.names ?? '[]') as string[];
      const [notBefore, notAfter] = [new Date(inDays(-since)), new Date(inDays(left))];
      const fullchain = await authority.issue({ names, keyPem, notBefore, notAfter });
      const [leaf = '', ...chain] = fullchain.split(/(?=-----BEGIN)/);
      const directory = here.certificate(name);
      await mkdir(directory, { recursive: true });
      const files = { 'fullchain.pem': fullchain, 'cert.pem': leaf, 'chain.pem': chain.join('') };
      for (const [file, content] of Object.entries({ ...files, 'privkey.pem': keyPem }))
        await writeFile(path.join(directory, file), content);
      here.change(
        `insert into orders (account_id, url, certificate_name, names, names_key, profile, status, reserved, reserved_until, created_at, updated_at, concluded_at)
         values (1, ?, ?, ?, ?, '', 'valid', 0, ?, ?, ?, ?)`,
        `${authorities.usual}/order/${name}`,
        name,
        JSON.stringify(names),
        names.toSorted().join(' '),
        ...[1, 2, 3, 4].map(() => inDays(-since)),
      );
      here.change(
        `update certificates set serial = '01', not_before = ?, not_after = ?, stored_at = ?, deployed_at = ?,
         order_id = (select max(id) from orders) where name = ?`,
        notBefore.toISOString(),
        notAfter.toISOString(),
        inDays(-since),
        inDays(-since),
        name,
      );
    },
    fail(name, error, columns = {}) {
      const values = {
        account_id: 1,
        type: 'dns',
        value: name,
        consecutive_failures: 1,
        back_off_step: 1,
        failing_since: inDays(-1),
        last_failure_at: inDays(-1),
        last_error: JSON.stringify(error),
        ...columns,
      };
      here.change(
        `insert into identifiers (${Object.keys(values).join(', ')}) values (${Object.keys(values)
          .map(() => '?')
          .join(', ')})`,
        ...Object.values(values),
      );
    },
  };
}

/** An error as the ledger keeps it. */
export function failure(code: string, message: string, retryAt: string | null = null): object {
  return { code, message, hint: null, problem: null, retryAt };
}
