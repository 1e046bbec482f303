import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { dnsRecordValue } from '../../../src/challenges/answer-values.ts';
import { type HookStyleName, hookStyleNames, hookStyles } from '../../../src/challenges/exec/hook-styles.ts';
import type { ChallengeAnswer } from '../../../src/challenges/solver.ts';
import { acmeShHome } from '../../support/acme-sh-stand-in.ts';
import { answerFor, never } from '../answers.ts';
import { styledHooks } from './styled-hooks.ts';

const { inside, script, calls, solverOf, newSolver } = styledHooks();

const dns = answerFor('dns-01', 'a.test', '-token');
const value = dnsRecordValue(dns);
const { keyAuthorization } = dns;

describe('a hook is called as its client calls it', () => {
  it.each<[HookStyleName, present: string, cleanup: string]>([
    ['lego', `present|_acme-challenge.a.test.|${value}`, `cleanup|_acme-challenge.a.test.|${value}`],
    [
      'lego-raw',
      `present|--|a.test|-token|${keyAuthorization}`,
      `cleanup|--|a.test|-token|${keyAuthorization}`,
    ],
    ['dehydrated', `deploy_challenge|a.test|-token|${value}`, `clean_challenge|a.test|-token|${value}`],
    ['dehydrated-chain', `deploy_challenge|a.test|-token|${value}`, `clean_challenge|a.test|-token|${value}`],
    ['uacme', `begin|dns-01|a.test|-token|${value}`, `done|dns-01|a.test|-token|${value}`],
    ['acmetool', `challenge-dns-start|a.test|a.test|${value}`, `challenge-dns-stop|a.test|a.test|${value}`],
    ['acme.sh', `add|_acme-challenge.a.test|${value}`, `rm|_acme-challenge.a.test|${value}`],
    [
      'lexicon',
      `mine|create|a.test|TXT|--name|_acme-challenge.a.test.|--content=${value}`,
      `mine|delete|a.test|TXT|--name|_acme-challenge.a.test.|--content=${value}`,
    ],
  ])('%s for dns-01', async (style, present, cleanup) => {
    const solver = await newSolver(style);
    await solver.present(dns, never);
    await solver.cleanUp({ ...dns, isProven: true }, never);
    expect(await calls()).toEqual([present, cleanup]);
  });

  const answer = answerFor('http-01', 'a.test');
  it.each<[HookStyleName, present: string, cleanup: string]>([
    ['lego-raw', `present|--|a.test|token-1_A|${answer.keyAuthorization}`, 'cleanup'],
    ['dehydrated', `deploy_challenge|a.test|token-1_A|${answer.keyAuthorization}`, 'clean_challenge'],
    ['uacme', `begin|http-01|a.test|token-1_A|${answer.keyAuthorization}`, 'failed'],
    ['acmetool', `challenge-http-start|a.test|a.test|token-1_A`, 'challenge-http-stop'],
  ])('%s for http-01', async (style, present, cleanup) => {
    await newSolver(style);
    const solver = solverOf(style, { challenge: 'http-01' });
    await solver.present(answer, never);
    await solver.cleanUp(answer, never);
    expect(await calls()).toEqual([present, present.replace(/^[^|]+/, cleanup)]);
    await expect(solver.present({ ...answer, token: '$(id)' }, never)).rejects.toThrow(/isn't base64url/);
    expect(await calls()).toHaveLength(2);
  });

  it('has a case for every style above, or a file of its own', () => {
    expect([...hookStyleNames].sort()).toEqual(Object.keys(hookStyles).sort());
    expect(hookStyleNames.filter((name) => name !== 'certbot')).toHaveLength(8);
  });

  it.each(hookStyleNames)(
    '%s: a clean-up that fails is an error, however often it is tried',
    async (style) => {
      const solver = await newSolver(style, 3);
      for (let tries = 0; tries < 2; tries += 1)
        await expect(solver.cleanUp(dns, never)).rejects.toThrow(
          /\(cleanup a\.test\) ended with exit code 3/,
        );
      expect(await calls()).toHaveLength(2);
    },
  );
});

describe('dehydrated with HOOK_CHAIN', () => {
  const answers = [answerFor('dns-01', 'a.test', 'one'), answerFor('dns-01', 'a.test', 'two')];
  const together = (): ChallengeAnswer[] =>
    answers.map((each, index) => ({ ...each, batch: { answers, remaining: answers.length - 1 - index } }));
  const triples = answers.map((each) => `a.test|${each.token}|${dnsRecordValue(each)}`).join('|');

  it('gets all challenges of a certificate in one call, and again when they are tried again', async () => {
    const solver = await newSolver('dehydrated-chain');
    await Promise.all(together().map((answer) => solver.present(answer, never)));
    for (const answer of together()) await solver.cleanUp(answer, never);
    expect(await calls()).toEqual([`deploy_challenge|${triples}`, `clean_challenge|${triples}`]);
    await solver.cleanUp(together()[0]!, never);
    expect(await calls()).toHaveLength(3);
  });

  it('that fails fails for each of them, and names them once', async () => {
    const solver = await newSolver('dehydrated-chain', 1);
    const results = await Promise.allSettled(together().map((answer) => solver.present(answer, never)));
    for (const result of results)
      expect(String(result.status === 'rejected' && result.reason)).toContain('(present a.test) ended with');
    expect(await calls()).toHaveLength(1);
  });
});

describe('uacme', () => {
  it('may decline a challenge, and hears no more of it', async () => {
    const solver = await newSolver('uacme', 1);
    await expect(solver.present(dns, never)).rejects.toThrow(
      /ended with exit code 1, without a word; by that it declines this challenge/,
    );
    await solver.cleanUp(dns, never);
    expect(await calls()).toHaveLength(1);
  });

  it('finds its arguments in its environment, too', async () => {
    await script('hook.sh', 'env | grep ^UACME_ | sort > seen');
    await solverOf('uacme').present(dns, never);
    expect(await readFile(inside('seen'), 'utf8')).toBe(
      `UACME_AUTH=${value}\nUACME_IDENT=a.test\nUACME_METHOD=begin\nUACME_TOKEN=-token\nUACME_TYPE=dns-01\n`,
    );
  });
});

it('a style that is for dns-01 alone says so', () => {
  for (const hookStyle of ['acme.sh', 'lexicon'] as const)
    expect(() => solverOf(hookStyle, { challenge: 'http-01', hook: 'lexicon x' })).toThrow(
      `--hook-style ${hookStyle} is for dns-01, not for http-01`,
    );
});

it('lexicon needs a provider', () => {
  for (const [hook, meant] of [
    ['lexicon', "'lexicon PROVIDER'"],
    ['cloudflare', "'lexicon cloudflare'"],
  ])
    expect(() => solverOf('lexicon', { hook })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`--hook ${meant!}`) as string }),
    );
});

describe('what is wrong with a script is told for every style', () => {
  it.each(['lego', 'dehydrated', 'uacme', 'acmetool', 'lexicon'] as const)('%s', async (style) => {
    const options = style === 'lexicon' ? { hook: './hook.sh mine' } : {};
    await script('hook.sh', 'exit 0\r');
    await writeFile(inside('hook.sh'), '#!/bin/sh\r\nexit 0\r\n');
    await expect(solverOf(style, options).present(dns, never)).rejects.toThrow(
      /line ends of Windows \(CRLF\)/,
    );
    await writeFile(inside('hook.sh'), '#!/opt/nosuch/ruby -w\nexit 0\n');
    await expect(solverOf(style, options).present(dns, never)).rejects.toThrow(
      /the first line of .*hook\.sh names \/opt\/nosuch\/ruby, which isn't there/,
    );
  });

  it('acme.sh', async () => {
    const file = await acmeShHome(inside('.acme.sh'), {
      name: 'dns_mine',
      body: 'dns_mine_add() {\r\n return 0\r\n}\r\n',
    });
    await expect(solverOf('acme.sh', { hook: file }).present(dns, never)).rejects.toThrow(/CRLF/);
  });
});

it('of a hook that hangs, all processes end with it', async () => {
  await script('hook.sh', 'sleep 60 & echo $! > child; wait');
  await expect(solverOf('uacme', { hookTimeout: '1s' }).present(dns, never)).rejects.toThrow(
    /didn't end within 1 s/,
  );
  const pid = Number(await readFile(inside('child'), 'utf8'));
  const isAlive = async (): Promise<boolean> =>
    !/^$|\) Z /.test(await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => ''));
  await expect.poll(isAlive).toBe(false);
});
