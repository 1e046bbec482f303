import { chmod, writeFile } from 'node:fs/promises';
import { describe, it } from 'vitest';
import { type Refusal, expectRefused, withStage } from './bad-input-stage.ts';

type Case = [title: string, args: string[], refusal: Refusal];

const webroot = ['issue', 'a.example', '--webroot', 'webroot'];

const solvers: Case[] = [
  ['no solver', ['issue', 'a.example'], { error: /nothing says how to prove/, hint: /--webroot DIR/ }],
  [
    '--challenge http-02',
    [...webroot, '--challenge', 'http-02'],
    { error: /"http-02" isn't there/, hint: /http-01, / },
  ],
  [
    '--solver magic',
    ['issue', 'a.example', '--solver', 'magic'],
    { error: /"magic" isn't there/, hint: /webroot/ },
  ],
  [
    'two solvers',
    [...webroot, '--hook', 'true'],
    { error: /--webroot and --hook belong to diff/, hint: /leave one/ },
  ],
  [
    'another solver than its options',
    [...webroot, '--solver', 'exec'],
    { error: /--webroot isn't an option of/, hint: /leave/ },
  ],
  [
    'dns-01 by webroot',
    [...webroot, '--challenge', 'dns-01'],
    { error: /webroot can't answer dns-01/, hint: /exec/ },
  ],
  [
    'dns-01 without a hook',
    ['issue', 'a.example', '--challenge', 'dns-01'],
    { error: /edits the zone/, hint: /--hook/ },
  ],
  [
    'a wildcard by http-01',
    ['issue', '*.a.example', '--webroot', 'webroot'],
    { error: /only be proven with dns-01/, hint: /--hook CMD, or .* instead/ },
  ],
  [
    'an IP address by dns-01',
    ['issue', '192.0.2.1', '--hook', 'true'],
    { error: /can't be proven with dns-01/, hint: /webroot/ },
  ],
  [
    'a webroot that is not there',
    ['issue', 'a.example', '--webroot', 'no'],
    { error: /no can't be used/, hint: /document root/ },
  ],
  [
    'a webroot that is a file',
    ['issue', 'a.example', '--webroot', 'a-file'],
    { error: /isn't a directory/, hint: /document root/ },
  ],
  [
    'a hook that is not there',
    ['issue', 'a.example', '--hook', './no.sh'],
    { error: /no program .*no\.sh/, hint: /chmod \+x/ },
  ],
  [
    'a hook that may not run',
    ['issue', 'a.example', '--hook', './a-file'],
    { error: /no program .*a-file/, hint: /chmod \+x/ },
  ],
  [
    'a hook that is a folder',
    ['issue', 'a.example', '--hook', './webroot'],
    { error: /is a directory/, hint: /command/ },
  ],
  [
    'an empty hook',
    ['issue', 'a.example', '--hook', ' '],
    { error: /needs --hook CMD/, hint: /present\|cleanup/ },
  ],
  [
    'a time-out of nothing',
    ['issue', 'a.example', '--hook', 'true', '--hook-timeout', '0'],
    { error: /--hook-timeout "0"/, hint: /90s/ },
  ],
  [
    'a hook style of somebody else',
    ['issue', 'a.example', '--hook', 'true', '--hook-style', 'x'],
    { error: /"x"/, hint: /lego/ },
  ],
  [
    'port 70000',
    ['issue', 'a.example', '--listen', '70000'],
    { error: /"70000" isn't \[ADDR:\]PORT/, hint: /8080/ },
  ],
  [
    'a resolver by name',
    ['issue', 'a.example', '--hook', 'true', '--resolver', 'dns'],
    { error: /"dns"/, hint: /192\.0\.2\.53/ },
  ],
];

describe.concurrent('issue is refused for', () => {
  it.each(solvers)('%s', async (_title, args, refusal) => {
    await withStage(async (stage) => {
      await writeFile(stage.file('a-file'), '#!/bin/sh\n');
      await chmod(stage.file('a-file'), 0o644);
      await expectRefused(stage, ['--ca', stage.ca, '--state-dir', stage.stateDir, ...args], refusal);
    });
  });
});
