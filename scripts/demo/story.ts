import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { proveCertificate } from './proof.ts';
import { say, sayCommand } from './screen.ts';
import type { Stage } from './stage.ts';

const failing = 'mail.example.org';

/**
 * Issues certificates, lets a hook fail, and shows what the ledger and the CA know of it.
 * @throws Error when anything isn't as it is told
 */
export async function tellStory(stage: Stage): Promise<void> {
  say(`Pebble, the test CA of Let's Encrypt, runs on loopback. In ${stage.directory}:\n`);
  await showFile(stage, 'acme-ledger.yaml');
  await issueOneName(stage);
  await issueTwoNames(stage);
  await failOnce(stage);
  await lookIntoLedger(stage);
  await askTheCa(stage);
  await command(stage, 0, 'status');
  await findCertificate(stage);
}

async function issueOneName(stage: Stage): Promise<void> {
  say('A certificate for one name, answered from the directory of a web server:');
  const output = await command(stage, 0, 'issue', 'www.example.org', '--webroot', 'webroot');
  expect(output.includes('www.example.org: issued'), 'the first certificate is issued');
}

async function issueTwoNames(stage: Stage): Promise<void> {
  say('One for two names:');
  const names = ['shop.example.org', 'api.example.org'];
  const output = await command(stage, 0, 'issue', ...names, '--webroot', 'webroot');
  expect(output.includes('shop.example.org: issued'), 'the second certificate is issued');
}

async function failOnce(stage: Stage): Promise<void> {
  say('One whose DNS hook fails. What the CA had opened for it by then would be a leak:');
  const output = await command(stage, 1, 'issue', failing, '--challenge', 'dns-01', '--hook', './dns-hook');
  expect(output.includes('the API token has expired'), 'the failure tells what the hook said');
}

async function lookIntoLedger(stage: Stage): Promise<void> {
  say('The ledger has every authorization; the one that was never submitted is deactivated:');
  await command(stage, 0, 'authz', 'list');
}

interface Listed {
  url: string;
  identifier: string;
  status: string;
}

async function askTheCa(stage: Stage): Promise<void> {
  const [account] = await linesOf<{ url: string; keyFile: string }>(stage, 'account', 'list', '--json');
  const listed = await linesOf<Listed>(stage, 'authz', 'list', '--json');
  if (account === undefined) throw new Error('not as promised: the account is in the ledger');
  const key = await readFile(path.resolve(stage.directory, 'state', account.keyFile), 'utf8');
  say('What Pebble itself says, asked without acme-ledger:');
  for (const { url, identifier, status } of listed) {
    const seen = await stage.pebble.askAuthorization(url, key, account.url);
    say(`  ${seen.identifier.value.padEnd(18)}${seen.status}`);
    expect(seen.status === status, `the ledger says the same of ${identifier} as the CA`);
    const expected = identifier === failing ? 'deactivated' : 'valid';
    expect(seen.status === expected, `${identifier} is ${expected} at the CA`);
  }
  expect(listed.length === 4, 'the ledger has the authorizations of all four names');
  say('');
}

async function findCertificate(stage: Stage): Promise<void> {
  say('Where the certificate lies:');
  await command(stage, 0, 'cert', 'show', 'shop.example.org');
  say(`${await proveCertificate(stage, 'shop.example.org', ['shop.example.org', 'api.example.org'])}\n`);
}

/** Shows a command line and all that it prints. */
async function command(stage: Stage, exitCode: number, ...args: string[]): Promise<string> {
  const line = `acme-ledger ${args.join(' ')}`;
  sayCommand(line);
  const run = await stage.run(args);
  const output = run.stdout + run.stderr;
  say(output.trimEnd());
  expect(
    run.exitCode === exitCode,
    `"${line}" ends with ${exitCode}, not ${run.exitCode ?? run.signal ?? ''}`,
  );
  say(exitCode === 0 ? '' : `(exit code ${exitCode})\n`);
  return output;
}

async function linesOf<Line>(stage: Stage, ...args: string[]): Promise<Line[]> {
  const run = await stage.run(args);
  expect(run.exitCode === 0, `"acme-ledger ${args.join(' ')}" works\n${run.stderr}`);
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Line);
}

async function showFile(stage: Stage, name: string): Promise<void> {
  sayCommand(`cat ${name}`);
  say(await readFile(path.join(stage.directory, name), 'utf8'));
}

function expect(isTrue: boolean, promise: string): void {
  if (!isTrue) throw new Error(`not as promised: ${promise}`);
}
