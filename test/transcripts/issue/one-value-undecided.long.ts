import { afterAll, beforeAll, expect, it } from 'vitest';
import { dnsHook } from '../../support/recording-hook.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

it('puts up no other value at a name while the CA may still look for the one before', async () => {
  const { lab, proxy, here } = stage;
  const hook = await dnsHook(here, lab.challtestsrv.managementUrl, { holdsOneValue: true });
  // A CA that takes longer for its verdict than any that is known.
  proxy.setFault(({ kind }) =>
    kind === 'authz' || kind === 'authzPoll' ? { type: 'change', body: undecided } : undefined,
  );
  const result = await here.run(
    ['issue', '*.single.test', 'single.test', '--hook', hook.command, '--resolver', lab.dnsAddress],
    { timeoutMs: 400_000 },
  );
  proxy.setFault();
  expect(result.exitCode).toBe(1);
  expect(here.rows(`select id from authorizations where challenge = 'submitted'`)).toHaveLength(1);
  const presented = (await hook.calls()).filter(([action]) => action === 'present');
  expect(presented).toHaveLength(2);
}, 420_000);

function undecided(body: string): string {
  const authorization = JSON.parse(body) as { status: string; challenges: object[] };
  if (authorization.status !== 'valid') return body;
  const challenges = authorization.challenges.map((challenge) => ({ ...challenge, status: 'processing' }));
  return JSON.stringify({ ...authorization, status: 'pending', challenges });
}
