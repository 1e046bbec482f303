import { describe, it } from 'vitest';
import { type Refusal, type Stage, expectRefused, withStage } from './bad-input-stage.ts';

type Case = [title: string, args: string[], refusal: Refusal, env?: Record<string, string>];

const webroot = ['issue', 'a.example', '--webroot', 'webroot'];
const help = /acme-ledger (?:issue )?--help/;
const duration = /w, d, h, m and s/;

const commandLines: Case[] = [
  ['an unknown command', ['frobnicate'], { error: /unknown command 'frobnicate'/, hint: help }],
  [
    'an unknown command of a group',
    ['cert', 'frob'],
    { error: /cert has no command 'frob'/, hint: /list, show/ },
  ],
  [
    'a group without its command',
    ['authz'],
    { error: /authz needs one of its commands/, hint: /list, show, clear/ },
  ],
  ['an unknown option', [...webroot, '--frob'], { error: /unknown option '--frob'/, hint: help }],
  [
    'a mistyped option',
    [...webroot, '--emial', 'x'],
    {
      error: /unknown option '--emial'/,
      hint: /^hint: acme-ledger issue a\.example --ca .* --webroot webroot --email x$/,
    },
  ],
  ['an option with an escape', ['--\u001b[31m'], { error: '--\\x1b[31m', hint: help }],
  ['a command with an escape', ['\u009b31m'], { error: '\\x9b31m', hint: help }],
  [
    'an option without its value',
    [...webroot, '--email'],
    { error: /--email <ADDR>' argument missing/, hint: help },
  ],
  [
    'a missing operand',
    ['cert', 'show'],
    { error: /missing required argument 'NAME'/, hint: /acme-ledger cert show example\.com/ },
  ],
  [
    'an operand too many',
    ['status', 'all'],
    {
      error: /too many arguments for 'status': status takes no argument, not all/,
      hint: /acme-ledger status \[options\]; the commands are issue, renew, cert/,
    },
  ],
  [
    '--quiet beside --verbose',
    ['status', '-q', '-v'],
    { error: /--quiet contradicts --verbose/, hint: /one of them/ },
  ],
];

const values: Case[] = [
  [
    '--max-pending 0',
    [...webroot, '--max-pending', '0'],
    { error: /--max-pending must be a whole/, hint: /250/ },
  ],
  ['--max-pending lots', [...webroot, '--max-pending', 'lots'], { error: /not "lots"/, hint: /250/ }],
  ['--email without an @', [...webroot, '--email', 'me'], { error: /--email must be one e-mail/, hint: /@/ }],
  [
    '--on-unsubmitted keep',
    [...webroot, '--on-unsubmitted', 'keep'],
    { error: /deactivate or resume/, hint: /deactivate/ },
  ],
  ['--log-format xml', [...webroot, '--log-format', 'xml'], { error: /pretty or json/, hint: /json/ }],
  [
    '--log-file in no folder',
    [...webroot, '--log-file', 'no/log'],
    { error: /log file .*can't be written/, hint: /another/ },
  ],
  [
    '--log-file that is a folder',
    [...webroot, '--log-file', 'webroot'],
    { error: /it's a directory/, hint: /another/ },
  ],
  [
    '--wait soon',
    [...webroot, '--wait', 'soon'],
    { error: /--wait: "soon" isn't a duration/, hint: duration },
  ],
  ...(
    [
      [...webroot, '--wait', '6'],
      ['renew', '--splay', '6'],
      ['renew', '--max-time', '6'],
      ['renew', '--wait', '6'],
      ['authz', 'list', '--older-than', '6'],
      ['authz', 'clear', '--older-than', '6'],
      ['authz', 'clear', '--wait', '6'],
      [...webroot, '--suspend-after', '6'],
      [...webroot, '--probe-every', '6'],
      ['issue', 'a.example', '--hook', 'true', '--hook-timeout', '6'],
      ['issue', 'a.example', '--hook', 'true', '--propagation-timeout', '6'],
    ] as const
  ).map((args): Case => [
    `${args.slice(-2).join(' ')} of ${args[0]}`,
    [...args],
    { error: /"6"/, hint: /^hint: 6 of what: 6s, 6m, 6h$/ },
  ]),
  [
    '--staging of a CA without one',
    [...webroot, '--staging'],
    { error: /--staging can't be used: 127/, hint: /letsencrypt and google have one/ },
  ],
  ['--wait 20y', [...webroot, '--wait', '20y'], { error: /isn't a duration/, hint: duration }],
  ['--wait 4000d', [...webroot, '--wait', '4000d'], { error: /longer than ten years/, hint: duration }],
  [
    '--key-type ec521',
    [...webroot, '--key-type', 'ec521'],
    { error: /--key-type "ec521" isn't there/, hint: /ec256, ec384/ },
  ],
  [
    '--cert-name ../x',
    [...webroot, '--cert-name', '../x'],
    { error: /starts with a dot/, hint: /--cert-name www/ },
  ],
  [
    '--cert-name ..',
    [...webroot, '--cert-name', '..'],
    { error: /starts with a dot/, hint: /--cert-name www/ },
  ],
  [
    '--cert-name /etc',
    [...webroot, '--cert-name', '/etc'],
    { error: /contains a slash/, hint: /--cert-name www/ },
  ],
  [
    '--cert-name with an escape',
    [...webroot, '--cert-name', 'a\u001b[2J'],
    { error: 'a\\x1b[2J', hint: /--cert-name/ },
  ],
  [
    'renew --concurrency 0',
    ['renew', '--concurrency', '0'],
    { error: /--concurrency "0" isn't a whole/, hint: /10/ },
  ],
  ['renew --limit -1', ['renew', '--limit', '-1'], { error: /--limit "-1" isn't a whole/, hint: /10/ }],
  ['renew --max-time x', ['renew', '--max-time', 'x'], { error: /--max-time: "x" isn't/, hint: duration }],
  ['renew --splay x', ['renew', '--splay', 'x'], { error: /--splay: "x" isn't/, hint: duration }],
  ['renew of an unknown certificate', ['renew', 'x'], { error: /no certificate x/, hint: /cert list/ }],
  [
    'authz list --status open',
    ['authz', 'list', '--status', 'open'],
    { error: /"open"/, hint: /pending, valid/ },
  ],
  [
    'authz list --older-than x',
    ['authz', 'list', '--older-than', 'x'],
    { error: /--older-than: "x"/, hint: duration },
  ],
  ['authz list --limit many', ['authz', 'list', '--limit', 'many'], { error: /--limit "many"/, hint: /10/ }],
  [
    'authz show of an unknown one',
    ['authz', 'show', '7'],
    { error: /no authorization 7/, hint: /authz list/ },
  ],
  [
    'authz clear URL of another CA',
    ['authz', 'clear', 'https://x.example/1'],
    { error: /isn't a URL of https:\/\/127\.0\.0\.1/, hint: /as the CA wrote/ },
  ],
  [
    'order list --status open',
    ['order', 'list', '--status', 'open'],
    { error: /"open"/, hint: /intent, pending/ },
  ],
  [
    'order show of an unknown one',
    ['order', 'show', 'x\u001b[1m'],
    { error: 'x\\x1b[1m', hint: /order list/ },
  ],
  [
    'cert revoke --reason bored',
    ['cert', 'revoke', 'x', '--reason', 'bored'],
    { error: /"bored"/, hint: /superseded/ },
  ],
];

const variables: Case[] = [
  [
    'ACME_LEDGER_URL of a database it has not',
    ['status'],
    { error: /ACME_LEDGER_URL .*"mysql"/, hint: /sqlite:FILE/ },
    { ACME_LEDGER_URL: 'mysql://u:geheim@h/db' },
  ],
  [
    'ACME_LEDGER_URL in memory',
    ['status'],
    { error: /in memory/, hint: /sqlite:FILE/ },
    { ACME_LEDGER_URL: 'sqlite::memory:' },
  ],
  [
    'ACME_LEDGER_CA of nobody',
    webroot,
    { error: /"nosuch" isn't a CA/, hint: /letsencrypt/ },
    { ACME_LEDGER_CA: 'nosuch' },
  ],
  [
    'ACME_LEDGER_MAX_PENDING',
    webroot,
    { error: /ACME_LEDGER_MAX_PENDING must be/, hint: /250/ },
    { ACME_LEDGER_MAX_PENDING: '-3' },
  ],
  [
    'ACME_LEDGER_AGREE_TOS',
    webroot,
    { error: /ACME_LEDGER_AGREE_TOS must be yes or no/, hint: /yes/ },
    { ACME_LEDGER_AGREE_TOS: 'maybe' },
  ],
  [
    'ACME_LEDGER_CONFIG of no file',
    webroot,
    { error: /no\.yaml doesn't exist/, hint: /path/ },
    { ACME_LEDGER_CONFIG: 'no.yaml' },
  ],
];

describe.concurrent('a command line is refused for', () => {
  it.each([...commandLines, ...values, ...variables])('%s', async (_title, args, refusal, env = {}) => {
    await withStage(async (stage) => {
      await expectRefused(stage, [...globals(stage, env), ...args], refusal, { env });
    });
  });
});

/** In front, so that an option without its value is the last word. A variable only counts where no option is given. */
function globals(stage: Stage, env: Record<string, string>): string[] {
  const ca = 'ACME_LEDGER_CA' in env ? [] : ['--ca', stage.ca];
  return [...ca, '--state-dir', stage.stateDir];
}
