import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeHook } from '../other-clients/client-run.ts';

/** Hooks that people wrote for one client, and what they were called with. */
export interface HookScripts {
  directory: string;
  hook: string;
  /** Where the client has a command of its own that takes down. */
  cleanupHook: string;
  /** The arguments and variables of all calls since the last time, without what differs from run to run, sorted. */
  calls(name: string): Promise<string[]>;
}

/** The words of a client's script: how it tells what it is called for, and finds the record's name and value in it. */
export interface ScriptWords {
  /** Shell code that calls `add NAME VALUE` or `remove NAME VALUE`, and `exit 0` before where a call isn't about that. */
  body: string;
  /** The variables of the environment that it uses. */
  variables?: string;
}

/** Writes a client's hook, which puts values into the DNS behind Pebble and keeps its calls. */
export async function hookScripts(
  directory: string,
  managementUrl: string,
  { body, variables = 'NOTHING_' }: ScriptWords,
): Promise<HookScripts> {
  const kept = path.join(directory, 'calls');
  await writeFile(kept, '');
  const post = (what: string): string =>
    `curl -fsS -o /dev/null -d "{\\"host\\":\\"$1\\",\\"value\\":\\"$2\\"}" ${managementUrl}/${what}`;
  const functions = `
keep() { { printf '%s ' "$@"; env | grep '^${variables}' | sort | tr '\\n' ' '; echo; } >> '${kept}'; }
add() { ${post('set-txt')}; }
remove() { ${post('clear-txt')}; }`;
  const hook = await writeHook(path.join(directory, 'hook.sh'), `${functions}\n${body}`);
  const cleanupHook = await writeHook(path.join(directory, 'cleanup.sh'), `${functions}\nCLEANUP=1\n${body}`);
  return {
    directory,
    hook,
    cleanupHook,
    calls: async (name) => {
      const lines = (await readFile(kept, 'utf8')).trimEnd().split('\n');
      await writeFile(kept, '');
      return lines.map((line) => withoutValues(line, name)).sort();
    },
  };
}

/** Tokens, digests and thumbprints have 43 characters. Two variables came with a later certbot than Debian's. */
function withoutValues(line: string, name: string): string {
  return line
    .replaceAll(/[\w-]{43}/g, 'VALUE')
    .replaceAll(name, 'NAME')
    .replaceAll(/CERTBOT_(?:ALL_)?IDENTIFIERS?=\S* /g, '')
    .trim();
}
