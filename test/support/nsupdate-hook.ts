import { chmod, writeFile } from 'node:fs/promises';
import type { BindLab } from './bind.ts';

interface NsupdateHookOptions {
  /** The server that is updated: `ns1`. */
  server: string;
  /** The name that a record is written at, by the name that the hook is told; its own when left out. Both with the last dot. */
  at?: Record<string, string>;
  /** Each value takes the place of all others at its name. */
  holdsOneValue?: boolean;
}

/** A hook of the kind that people write for BIND: called as lego calls its own, it edits a zone with nsupdate. */
export async function nsupdateHook(
  file: string,
  bind: BindLab,
  { server, at = {}, holdsOneValue = false }: NsupdateHookOptions,
): Promise<string> {
  const { host } = bind.server(server);
  const places = Object.entries(at).map(([told, written]) => `  ${told}) name=${written} ;;`);
  const first = holdsOneValue ? 'update delete $name TXT\\n' : '';
  await writeFile(
    file,
    `#!/bin/sh
set -eu
name=$2
case $name in
${places.join('\n')}
  *) ;;
esac
case $1 in
  present) change="${first}update add $name 1 TXT $3" ;;
  cleanup) change="update delete $name TXT $3" ;;
esac
printf "server ${host} ${String(bind.port)}\\n$change\\nsend\\n" | nsupdate -k "${bind.tsig.keyFile}"
`,
  );
  await chmod(file, 0o755);
  return file;
}
