import { chmod, readFile } from 'node:fs/promises';
import { expect, describe, it, vi } from 'vitest';
import { dnsRecordValue } from '../../../src/challenges/answer-values.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { acmeShHome } from '../../support/acme-sh-stand-in.ts';
import { answerFor, never } from '../answers.ts';
import { styledHooks } from './styled-hooks.ts';

const { inside, script, calls, solverOf, newSolver } = styledHooks();

const dns = answerFor('dns-01', 'a.test', '-token');
const value = dnsRecordValue(dns);

describe('acme.sh', () => {
  const body = `dns_mine_add() {
  MINE_Token="\${MINE_Token:-$(_readaccountconf_mutable MINE_Token)}"
  [ "$MINE_Token" ] || { _err "no MINE_Token"; return 1; }
  _saveaccountconf_mutable MINE_Token "$MINE_Token"
  _info "adding $1"
  echo "add $1 $2 $MINE_Token" >> '%s/calls'
}`;

  async function home(name: string): Promise<string> {
    return acmeShHome(inside(name), { name: 'dns_mine', body: body.replace('%s', inside('.')) });
  }

  it('takes the name of a script, and the credentials of the environment or of its home', async () => {
    const file = await home('.acme.sh');
    vi.stubEnv('HOME', inside('.'));
    vi.stubEnv('LE_WORKING_DIR', undefined);
    const settings = settingsFromOptions({
      hook: 'dns_mine',
      hookStyle: 'acme.sh',
      propagationTimeout: '0s',
    });
    expect(settings).toMatchObject({ hook: file, challenge: 'dns-01' });
    const solver = createSolver(settings, { clock: systemClock });
    await expect(solver.present(dns, never)).rejects.toThrow(
      `the hook "${file}" (present a.test) ended with exit code 1: no MINE_Token`,
    );
    vi.stubEnv('MINE_Token', 'secret');
    await solver.present(dns, never);
    vi.stubEnv('MINE_Token', undefined);
    // Under cron, with the home that the script lies in.
    vi.stubEnv('HOME', '/nowhere');
    await solver.present(dns, never);
    expect(await calls()).toEqual(Array(2).fill(`add _acme-challenge.a.test ${value} secret`));
  });

  it('is told where its script or its program is missing', async () => {
    vi.stubEnv('HOME', inside('.'));
    vi.stubEnv('LE_WORKING_DIR', undefined);
    const make = (hook: string): Solver => solverOf('acme.sh', { hook });
    expect(() => make('dns_nosuch')).toThrow("there is no script dns_nosuch of acme.sh's dnsapi");
    expect(() => make('dns_mine; reboot')).toThrow('there is no script dns_mine; reboot');
    const file = await script('dns_mine.sh', '');
    expect(() => make('./dns_mine.sh')).toThrow(`${file} needs the functions of acme.sh, which isn't there`);
  });

  it('is not run when others may change its script', async () => {
    const file = await home('.acme.sh');
    const solver = solverOf('acme.sh', { hook: file });
    await chmod(file, 0o777);
    await expect(solver.present(dns, never)).rejects.toThrow(/was not run: .*dns_mine\.sh may be changed by/);
    expect(() => solverOf('acme.sh', { hook: file })).toThrow(/dns_mine\.sh may be changed by/);
  });

  it('never lets the shell read a name', async () => {
    const solver = await newSolver('acme.sh');
    const name = '$(touch pwned)`touch pwned`"; touch pwned; "';
    await solver.present({ ...dns, identifier: { type: 'dns', value: name } }, never);
    expect(await calls()).toEqual([`add|_acme-challenge.${name}|${value}`]);
    await expect(readFile(inside('pwned'))).rejects.toThrow('ENOENT');
  });
});
