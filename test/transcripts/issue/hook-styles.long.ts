import { mkdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acmeShHome } from '../../support/acme-sh-stand-in.ts';
import { hookClients } from '../../support/hook-clients/hook-clients.ts';
import { hookScripts } from '../../support/hook-clients/hook-scripts.ts';
import { startPowerDns } from '../../support/hook-clients/powerdns-server.ts';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import type { ProgramResult } from '../../support/program.ts';

let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  // dehydrated gives up at a nonce that the CA doesn't take.
  lab = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
});

afterAll(async () => {
  await lab.stop();
});

beforeEach(async () => {
  here = await newInstallation(lab);
});

afterEach(async () => {
  await here.remove();
});

function issue(name: string, options: string[], env: Record<string, string> = {}): Promise<ProgramResult> {
  const words = ['issue', name, `*.${name}`, '--challenge', 'dns-01', ...options];
  return here.run([...words, '--resolver', lab.dnsAddress], { env });
}

const leftUp = (): unknown[] => here.rows('select * from presentations where cleaned_at is null');

describe('a hook is called with the same by its own client and with --hook-style', () => {
  it.each(Object.keys(hookClients))(
    '%s',
    async (style) => {
      const { script, options, issue: issueThere } = hookClients[style]!;
      const folder = here.file('client');
      await mkdir(folder);
      const scripts = await hookScripts(folder, lab.challtestsrv.managementUrl, script);
      await issueThere(lab, scripts, `${style}-theirs.example.com`);
      const theirs = await scripts.calls(`${style}-theirs.example.com`);
      const result = await issue(`${style}-ours.example.com`, options(scripts));
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await scripts.calls(`${style}-ours.example.com`)).toEqual(theirs);
      expect(theirs.join('\n')).toContain('VALUE');
      expect(leftUp()).toEqual([]);
    },
    300_000,
  );
});

it('lexicon edits the zone at a provider', async () => {
  const server = await startPowerDns(lab.challtestsrv, 'secret');
  const env = {
    LEXICON_POWERDNS_PDNS_SERVER: server.url,
    LEXICON_POWERDNS_AUTH_TOKEN: 'secret',
    HOME: here.directory,
  };
  const options = ['--hook', 'lexicon powerdns', '--hook-style', 'lexicon'];
  const result = await issue('lexicon.example.com', options, env);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(leftUp()).toEqual([]);
  const refused = await issue('other.example.com', options, { ...env, LEXICON_POWERDNS_AUTH_TOKEN: 'wrong' });
  server.stop();
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(
    /the hook "lexicon powerdns" \(present other\.example\.com\) ended with exit code 1: .*401/,
  );
}, 120_000);

it('a script of acme.sh edits the zone with the credentials that acme.sh keeps', async () => {
  const post = `curl -fsS -o /dev/null -d "{\\"host\\":\\"$1.\\",\\"value\\":\\"$2\\"}" "$LAB_Url"`;
  await acmeShHome(here.file('.acme.sh'), {
    name: 'dns_lab',
    body: `dns_lab_add() {
  LAB_Url="\${LAB_Url:-$(_readaccountconf_mutable LAB_Url)}"
  [ "$LAB_Url" ] || { _err "LAB_Url isn't set"; return 1; }
  _saveaccountconf_mutable LAB_Url "$LAB_Url"
  ${post}/set-txt
}
dns_lab_rm() {
  LAB_Url="\${LAB_Url:-$(_readaccountconf_mutable LAB_Url)}"
  ${post}/clear-txt
}`,
  });
  const options = ['--hook', 'dns_lab', '--hook-style', 'acme.sh'];
  const env = { HOME: here.directory };
  const refused = await issue('without.example.com', options, env);
  expect(refused.stderr).toContain("ended with exit code 1: LAB_Url isn't set");
  const result = await issue('first.example.com', options, {
    ...env,
    LAB_Url: lab.challtestsrv.managementUrl,
  });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await issue('second.example.com', options, env)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(leftUp()).toEqual([]);
}, 60_000);
