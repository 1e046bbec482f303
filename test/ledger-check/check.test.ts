import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateAccountKey, parseAccountKey, thumbprint } from '../../src/acme/http/account-key.ts';
import { createCsr } from '../../src/certificates/csr.ts';
import { generateKey, pemOf, privateKeyOf } from '../../src/certificates/key.ts';
import { prepareOrderFiles } from '../../src/certificates/order-files.ts';
import { readStored, storeCertificate } from '../../src/certificates/store.ts';
import type { CheckLine, CheckSummary } from '../../src/ledger-check/check.ts';
import { check } from '../../src/ledger-check/check.ts';
import { openForCheck } from '../../src/ledger/sqlite/open-for-check.ts';
import { type Authority, makeAuthority } from '../certificates/authority.ts';
import { type TestLedger, noon } from '../ledger/new-ledger.ts';
import { usedLedger } from '../ledger/used-ledger.ts';

interface World extends TestLedger {
  stateDir: string;
  /** A file of the stored certificate. */
  stored: (name: string) => string;
}

let authority: Authority;
let keyPem: string;
let otherKeyPem: string;

beforeAll(async () => {
  authority = await makeAuthority('Root', 'Intermediate');
  [keyPem, otherKeyPem] = [pemOf(await generateKey('ec256')), pemOf(await generateKey('ec256'))];
});

/** A ledger and the files that it tells of: an account key, and the certificate `c.test` of order 2. */
async function world(): Promise<World> {
  const here = await usedLedger();
  const stateDir = path.dirname(here.file);
  await mkdir(path.join(stateDir, 'accounts'), { mode: 0o700 });
  const accountKey = generateAccountKey();
  await writeFile(path.join(stateDir, here.account.key_file), accountKey, { mode: 0o600 });
  await here.ledger
    .updateTable('accounts')
    .set({ key_thumbprint: thumbprint(parseAccountKey(accountKey)) })
    .execute();
  await store(stateDir, keyPem);
  const serial = (await readStored(stateDir, 'c.test'))?.serial ?? null;
  await here.ledger.updateTable('certificates').set({ serial }).execute();
  const stored = (name: string): string => path.join(stateDir, 'certificates/c.test', name);
  return { ...here, stateDir, stored };
}

async function store(stateDir: string, key: string): Promise<void> {
  const chainPem = await authority.issue({ names: ['c.test'], keyPem: key });
  await storeCertificate(stateDir, 'c.test', { chainPem, keyPem: key });
}

async function checked(
  here: World,
  options: { dryRun?: boolean; signal?: AbortSignal } = {},
): Promise<{ lines: CheckLine[]; summary: CheckSummary }> {
  const under = await openForCheck(here.file);
  const lines: CheckLine[] = [];
  try {
    const { stateDir, clock } = here;
    const signal = options.signal ?? new AbortController().signal;
    const given = { stateDir, clock, signal, dryRun: options.dryRun === true };
    const summary = await check(under, given, (line) => lines.push(line));
    return { lines, summary };
  } finally {
    await under.close();
  }
}

async function outcomes(here: World): Promise<string[]> {
  return (await checked(here)).lines.map(({ code, id, outcome }) => `${code} ${id ?? ''} ${outcome}`);
}

/** A key as a crash leaves it. */
async function leaveKey(here: World, order: number): Promise<string> {
  const file = path.join(here.stateDir, 'orders', `${order}.pem`);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, keyPem, { mode: 0o600 });
  return file;
}

async function conclude(here: World, order: number, daysAgo: number): Promise<void> {
  const concluded_at = new Date(noon.getTime() - daysAgo * 86_400_000);
  await here.ledger.updateTable('orders').set({ concluded_at }).where('id', '=', order).execute();
}

describe('the files that a ledger tells of', { timeout: 180_000 }, () => {
  it('are all right where they are what the ledger says', async () => {
    const here = await world();
    expect(await checked(here)).toMatchObject({ lines: [], summary: { errors: 0, notes: 0, remaining: 0 } });
  });

  it.each<[string, (here: World) => Promise<void>, string]>([
    ['are gone', async ({ stored }) => rm(stored('fullchain.pem')), 'certificate-files-missing 1 remains'],
    [
      'have lost their key',
      async ({ stored }) => rm(stored('privkey.pem')),
      'certificate-files-missing 1 remains',
    ],
    [
      'are garbage',
      async ({ stored }) => writeFile(stored('fullchain.pem'), 'garbage'),
      'certificate-files-unreadable 1 remains',
    ],
    [
      'are of another certificate',
      async ({ stateDir }) => store(stateDir, otherKeyPem),
      'certificate-files-differ 1 remains',
    ],
    [
      'have the key of another certificate',
      async ({ stored }) => writeFile(stored('privkey.pem'), otherKeyPem),
      'certificate-key-differs 1 remains',
    ],
    [
      'lack a name that is wanted, which is not due for it',
      async ({ ledger }) => {
        await ledger
          .updateTable('certificates')
          .set({ names: ['c.test', 'd.test'] })
          .execute();
        await ledger
          .updateTable('orders')
          .set({ names: ['c.test', 'd.test'], names_key: 'c.test d.test' })
          .where('id', '=', 2)
          .execute();
      },
      'certificate-files-not-as-wanted 1 remains',
    ],
    [
      'have a key of another type than is wanted, which is not due for it',
      async ({ ledger }) => {
        await ledger.updateTable('certificates').set({ key_type: 'rsa2048' }).execute();
      },
      'certificate-files-not-as-wanted 1 remains',
    ],
    [
      'lack the account key',
      async ({ stateDir }) => rm(path.join(stateDir, 'accounts'), { recursive: true }),
      'account-key-unusable 1 remains',
    ],
  ])('%s: told', async (_title, harm, line) => {
    const here = await world();
    await harm(here);
    expect(await outcomes(here)).toEqual([line]);
  });

  it('need no key for a certificate with a CSR of its own', async () => {
    const here = await world();
    const csr = (await createCsr([{ type: 'dns', value: 'c.test' }], privateKeyOf(keyPem))).toString(
      'base64',
    );
    await here.ledger.updateTable('certificates').set({ csr }).execute();
    await rm(here.stored('privkey.pem'));
    expect(await outcomes(here)).toEqual([]);
  });

  it('may be newer while a run is between storing them and saying so, also when it died there', async () => {
    const here = await world();
    await store(here.stateDir, otherKeyPem);
    const finalizing = { names: ['c.test'], names_key: 'c.test', finalize_sent_at: noon };
    await here.ledger.updateTable('orders').set(finalizing).where('id', '=', 1).execute();
    const csrDer = await createCsr([{ type: 'dns', value: 'c.test' }], privateKeyOf(otherKeyPem));
    const files = { keyPem: otherKeyPem, csrDer };
    await prepareOrderFiles(
      here.stateDir,
      '1',
      () => Promise.resolve(files),
      () => Promise.resolve(),
    );
    expect(await outcomes(here)).toEqual([]);
  });

  it('of an order that has long been over are removed, others stay', async () => {
    const here = await world();
    const [working, over, unknown] = [
      await leaveKey(here, 1),
      await leaveKey(here, 2),
      await leaveKey(here, 9),
    ];
    expect(await outcomes(here)).toEqual(['order-files-unknown 9 remains']);
    await conclude(here, 2, 2);
    expect(await outcomes(here)).toEqual(['order-files-left 2 mended', 'order-files-unknown 9 remains']);
    expect([working, over, unknown].map((each) => existsSync(each))).toEqual([true, false, true]);
    const events = await here.ledger.selectFrom('events').selectAll().where('kind', '=', 'mended').execute();
    expect(events).toMatchObject([{ order_id: 2 }]);
    const run = await here.ledger
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', events[0]?.run_id ?? '')
      .execute();
    expect(run).toMatchObject([{ command: 'ledger check' }]);
    expect(run[0]?.ended_at).not.toBeNull();
  });

  it('are neither removed nor is a run written with --dry-run, or after a signal', async () => {
    const here = await world();
    const over = await leaveKey(here, 2);
    await conclude(here, 2, 2);
    const dry = await checked(here, { dryRun: true });
    expect(dry).toMatchObject({
      lines: [{ code: 'order-files-left', outcome: 'would-mend' }],
      summary: { errors: 1, mended: 0, remaining: 1 },
    });
    const stopped = await checked(here, { signal: AbortSignal.abort() });
    expect(stopped.lines).toMatchObject([{ outcome: 'not-mended' }]);
    expect(existsSync(over)).toBe(true);
    expect(
      await here.ledger.selectFrom('events').select('id').where('kind', '=', 'mended').execute(),
    ).toEqual([]);
  });

  it('say that there is more than a thousand of a kind', async () => {
    const here = await world();
    const { id, ...row } = await here.ledger.selectFrom('certificates').selectAll().executeTakeFirstOrThrow();
    const others = Array.from({ length: 1_005 }, (_none, index) => ({
      ...row,
      name: `gone-${id}-${index}.test`,
    }));
    for (let from = 0; from < others.length; from += 300)
      await here.ledger
        .insertInto('certificates')
        .values(others.slice(from, from + 300))
        .execute();
    const { summary } = await checked(here);
    expect(summary).toMatchObject({ errors: 1_000, incomplete: true });
  });
});
