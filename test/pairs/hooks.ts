import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The solver's hook and the deploy hook of one customer. Both note each call, and wait where they are told to (hold.ts). */
export interface Hooks {
  solver: string;
  deploy: string;
  /** Which calls there were of the process of this role. */
  calls(role: string): Promise<string[]>;
  /** What was deployed, in order: the certificate's name, a blank, the serial number in lower case. */
  deployed(): Promise<string[]>;
}

/** @param directory where the answers are (in `answers`), and the notes */
export async function writeHooks(directory: string): Promise<Hooks> {
  await mkdir(path.join(directory, 'answers'));
  const begin = `#!/bin/sh
set -eu
cd '${directory}'
role="\${PAIRS_ROLE:-B}"
note() {
  echo "$*" >> "calls.$role"
  if [ "\${PAIRS_HOOK_AT:-0}" = "$(grep -c . "calls.$role")" ]; then
    : > "held.$role"
    while [ ! -e "go.$role" ]; do sleep 0.05; done
  fi
}
`;
  const solver = `${begin}note "$1 $2"
case "$1" in
  present) printf %s "$4" > "answers/$3" ;;
  cleanup) rm -f "answers/$3" ;;
esac
`;
  const deploy = `${begin}note "deploy $LEGO_HOOK_CERT_NAME"
serial="$(openssl x509 -noout -serial -in "$RENEWED_LINEAGE/cert.pem" | cut -d= -f2 | tr A-F a-f)"
echo "$LEGO_HOOK_CERT_NAME $serial" >> deployed
`;
  const lines = async (file: string): Promise<string[]> => {
    const text = await readFile(path.join(directory, file), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  const write = async (name: string, script: string): Promise<string> => {
    const file = path.join(directory, name);
    await writeFile(file, script);
    await chmod(file, 0o755);
    return file;
  };
  return {
    solver: await write('solver-hook', solver),
    deploy: await write('deploy-hook', deploy),
    calls: (role) => lines(`calls.${role}`),
    deployed: () => lines('deployed'),
  };
}
