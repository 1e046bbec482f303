import { chmod, readFile, writeFile } from 'node:fs/promises';
import type { Workspace } from './workspace.ts';

/** A hook of the kind that people write: a shell script, as `--hook` calls it. */
export interface RecordingHook {
  command: string;
  /** The arguments of each call that ended well, in order. */
  calls(): Promise<string[][]>;
}

/** Puts TXT values into the DNS that Pebble asks. */
export async function dnsHook(
  workspace: Workspace,
  managementUrl: string,
  { holdsOneValue = false } = {},
): Promise<RecordingHook> {
  // challtestsrv clears all values of a name at once; a second clean-up finds nothing more, which is no error there.
  return recordingHook(
    workspace,
    'dns',
    `const [, , action, host, value] = process.argv;
    const options = { method: 'POST', body: JSON.stringify({ host, value }) };
    if (action === 'present' && ${String(holdsOneValue)}) await fetch('${managementUrl}/clear-txt', options);
    const path = action === 'present' ? 'set-txt' : 'clear-txt';
    const answer = await fetch('${managementUrl}/' + path, options);
    if (!answer.ok) process.exit(1);`,
  );
}

/** Puts http-01 answers into the webroot of the workspace. */
export async function httpHook(workspace: Workspace): Promise<RecordingHook> {
  return recordingHook(
    workspace,
    'http',
    `import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
    const [, , action, , token, answer] = process.argv;
    const directory = ${JSON.stringify(workspace.webroot)} + '/.well-known/acme-challenge';
    mkdirSync(directory, { recursive: true });
    if (action === 'present') writeFileSync(directory + '/' + token, answer);
    else rmSync(directory + '/' + token);`,
  );
}

async function recordingHook(workspace: Workspace, name: string, script: string): Promise<RecordingHook> {
  const command = workspace.file(`${name}-hook`);
  const calls = workspace.file(`${name}-hook.calls`);
  await writeFile(`${command}.mjs`, script);
  await writeFile(
    command,
    `#!/bin/sh\nset -eu\n"${process.execPath}" "${command}.mjs" "$@"\necho "$@" >> "${calls}"\n`,
  );
  await chmod(command, 0o755);
  return {
    command,
    async calls() {
      const lines = (await readFile(calls, 'utf8')).trimEnd().split('\n');
      return lines.map((line) => line.split(' '));
    },
  };
}
