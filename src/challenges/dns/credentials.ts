import { resolve } from 'node:path';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { readSecretFile } from '../../system/given-file.ts';

/** The variables that a provider's credentials are in. What they hold is never kept, and hidden in messages. */
export interface Credentials {
  /** The first of these variables that is set; `NAME_FILE` may name a file that holds the value. @throws AcmeLedgerError `bad-file` */
  valueOf(...names: readonly string[]): Promise<string | null>;
  /** @throws AcmeLedgerError `solver` when none of them is set */
  required(...names: readonly string[]): Promise<string>;
  /** A text of somebody else's as it may be shown. */
  shown(text: string): string;
}

const maxFileBytes = 64 * 1024;
const charactersShown = 300;
/** Shorter values, such as a region or `RAW`, are in many texts by chance. */
const shortestSecret = 6;

/**
 * @param file the file with the variables, absolute; null: the environment has them
 * @throws AcmeLedgerError `bad-file` when it can't be read, or others may read it
 */
export async function credentialsFrom(
  file: string | null,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Credentials> {
  const variables = file === null ? environment : variablesIn(await secretFile(file));
  const place = file === null ? 'the environment' : printable(file);
  const handedOut = new Set<string>();
  const valueOf = async (...names: readonly string[]): Promise<string | null> => {
    for (const name of names) {
      const value = variables[name]?.trim() ?? '';
      const path = variables[`${name}_FILE`] ?? '';
      const found = value === '' && path !== '' ? (await secretFile(resolve(path))).trim() : value;
      if (found === '') continue;
      handedOut.add(found);
      return found;
    }
    return null;
  };
  return {
    valueOf,
    async required(...names) {
      const value = await valueOf(...names);
      if (value !== null) return value;
      throw new AcmeLedgerError('solver', `${place} doesn't say ${names.join(' or ')}`, {
        hint:
          file === null
            ? 'set it for the program and its timer, or keep it in a file that only its user may read: --dns-credentials FILE'
            : 'add a line NAME=VALUE to the file',
      });
    },
    shown: (text) => hidden(text, handedOut),
  };
}

/** @throws AcmeLedgerError `bad-file` */
export async function secretFile(path: string): Promise<string> {
  const content = await readSecretFile({ path, what: 'the credentials file', maxBytes: maxFileBytes });
  return content.toString('utf8');
}

/** Lines `NAME = value`, as environment files, certbot's and AWS's have them; of a file with sections the part before them, and `[default]`. */
export function variablesIn(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  let isOurs = true;
  for (const line of text.split('\n').map((each) => each.trim())) {
    const section = /^\[([^\]]*)\]$/.exec(line)?.[1];
    if (section !== undefined) isOurs = section.trim() === 'default';
    const [, name = '', value = ''] = /^(?:export\s+)?([A-Za-z]\w*)\s*=(.*)$/.exec(line) ?? [];
    if (isOurs && name !== '') variables[name] = value.trim().replace(/^(["'])(.*)\1$/, '$2');
  }
  return variables;
}

function hidden(text: string, secrets: ReadonlySet<string>): string {
  const without = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return printable(without.replaceAll(/\s+/g, ' ').trim().slice(0, charactersShown));
}
