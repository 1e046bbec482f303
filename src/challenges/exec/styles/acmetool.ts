import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AcmeLedgerError, messageOf } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';
import { checkedToken, dnsRecordValue } from '../../answer-values.ts';
import type { HookAction, HookCommand, HookStyle } from '../hook-style.ts';

/** acmetool's usual state directory, which its hooks read their settings from. */
const usualStateDirectory = '/var/lib/acme';

/** The hooks of acmetool: a program, or a directory whose programs are all called, in the order of their names. */
export const acmetool: HookStyle = {
  calls:
    'CMD challenge-dns-start|challenge-dns-stop DOMAIN FILE VALUE, or challenge-http-start|challenge-http-stop DOMAIN FILE TOKEN; CMD may be a directory of hooks',
  hasCleanupHook: false,
  commandsFor: (hook, directory) => hooksIn(hook, directory) ?? [{ command: hook }],
  // The target file is acmetool's request for the certificate, which by default has the name of the host.
  argumentsFor: (action, answer) => {
    const host = answer.identifier.value;
    return answer.type === 'dns-01'
      ? [`challenge-dns-${endOf(action)}`, host, host, dnsRecordValue(answer)]
      : [`challenge-http-${endOf(action)}`, host, host, checkedToken(answer)];
  },
  variables: { ACME_STATE_DIR: "acmetool's state directory, /var/lib/acme unless it is set" },
  variablesFor: () => ({ ACME_STATE_DIR: process.env['ACME_STATE_DIR'] ?? usualStateDirectory }),
  inputFor: ({ type, keyAuthorization }) => (type === 'http-01' ? keyAuthorization : ''),
  notMine: 42,
};

function endOf(action: HookAction): 'start' | 'stop' {
  return action === 'present' ? 'start' : 'stop';
}

/** The hooks of a directory as acmetool chooses them; null where the hook is none. */
function hooksIn(hook: string, directory: string): HookCommand[] | null {
  const path = resolve(directory, hook);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  try {
    const found = readdirSync(path)
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(path, name))
      .filter(isProgram);
    if (found.length > 0) return found.map((file) => ({ command: shellWord(file) }));
  } catch (error) {
    throw noHooks(path, messageOf(error));
  }
  throw noHooks(path, 'nothing in it may be executed');
}

function isProgram(file: string): boolean {
  const entry = statSync(file, { throwIfNoEntry: false });
  return entry?.isFile() === true && (entry.mode & 0o111) !== 0;
}

function noHooks(path: string, reason: string): AcmeLedgerError {
  return new AcmeLedgerError('solver', `there is no hook in ${printable(path)}: ${printable(reason)}`, {
    hint: 'see what is there: ls -l ' + shellWord(printable(path)),
  });
}
