import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonOf } from '../../support/installation.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ proxy, here } = stage);
});

afterAll(() => stage.stop());

/** The next request to the CA, for its directory, is held until this has happened. */
async function beforeTheNextRequest(act: () => Promise<unknown>): Promise<void> {
  await rm(path.join(here.stateDir, 'cache'), { recursive: true, force: true });
  let acted: Promise<unknown> | null = null;
  proxy.setFault(async () => {
    acted ??= act();
    await acted;
    return undefined;
  });
}

/** A refusal of what would undo the change: nothing was ordered, and what was changed stays. */
async function expectRefused(result: ProgramResult, name: string): Promise<void> {
  expect(result).toMatchObject({ exitCode: 75, stdout: '' });
  const error = `error: another command has just changed the certificate ${name}\n`;
  const hint = `hint: look what it is now, then say yours again: acme-ledger cert show ${name}\n`;
  expect(result.stderr).toContain(error + hint);
  const shown = jsonOf(await here.run(['cert', 'show', name, '--json']));
  expect(shown).toMatchObject({ keyType: 'ec384', deployHook: null });
}

it('issue undoes nothing that cert set changed while it asked the CA, and says to look again: 75', async () => {
  await here.run(['cert', 'add', 'typed.test', '--webroot', here.webroot]);
  await beforeTheNextRequest(() => here.run(['cert', 'set', 'typed.test', '--key-type', 'ec384']));
  const typed = ['typed.test', '--webroot', here.webroot, '--deploy-hook', '/bin/true'];
  await expectRefused(await here.run(['issue', ...typed]), 'typed.test');
  expect(here.rows('select id from orders')).toEqual([]);
  proxy.setFault(undefined);
  // Said again, it is laid over what is there now.
  expect(await here.run(['issue', ...typed])).toMatchObject({ exitCode: 0 });
  const shown = jsonOf(await here.run(['cert', 'show', 'typed.test', '--json']));
  expect(shown).toMatchObject({ keyType: 'ec384', deployHook: '/bin/true' });
});

it('issue undoes nothing either of a certificate that was only added meanwhile', async () => {
  const add = ['cert', 'add', 'both.test', '--webroot', here.webroot, '--key-type', 'ec384'];
  await beforeTheNextRequest(() => here.run(add));
  const issued = await here.run(['issue', 'both.test', '--webroot', here.webroot, '--key-type', 'rsa2048']);
  proxy.setFault(undefined);
  await expectRefused(issued, 'both.test');
});

it('issue goes on where the other command wanted the same', async () => {
  const alike = ['alike.test', '--webroot', here.webroot];
  await beforeTheNextRequest(() => here.run(['cert', 'add', ...alike]));
  expect(await here.run(['issue', ...alike])).toMatchObject({ exitCode: 0 });
  proxy.setFault(undefined);
});

it.each(['cert add', 'cert set'])(
  '%s undoes nothing that was changed while it waited: 75',
  async (command) => {
    const name = `${command.replace(' ', '-')}.test`;
    await here.run(['cert', 'add', name, '--webroot', here.webroot]);
    // The command has read the certificate before it notes its run.
    here.change(
      `create trigger meanwhile after insert on runs when new.command = '${command}'
     begin update certificates set key_type = 'ec384' where name = '${name}'; end`,
    );
    const result = await here.run([...command.split(' '), name, '--deploy-hook', '/bin/true']);
    here.change('drop trigger meanwhile');
    await expectRefused(result, name);
  },
);
