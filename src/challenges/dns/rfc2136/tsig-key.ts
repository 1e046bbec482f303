import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { secretFile, variablesIn } from '../credentials.ts';
import { keyName, tsigAlgorithm } from './options.ts';
import type { Rfc2136Settings, TsigAlgorithm } from './settings.ts';

/** A key that updates are signed with (RFC 8945). */
export interface TsigKey {
  name: string;
  algorithm: TsigAlgorithm;
  /** base64 */
  secret: string;
}

/** What a key file says; null for what it leaves to the options. */
interface FoundKey {
  name: string | null;
  algorithm: string | null;
  secret: string | null;
}

const usualAlgorithm = 'hmac-sha256';

/**
 * The key of these settings; null for updates that aren't signed. The file may be BIND's `key "name" { algorithm …; secret "…"; };`, certbot's
 * `dns_rfc2136_secret = …`, one line `[algorithm:]name:secret`, or the secret alone. What the options say goes before the file.
 * @throws AcmeLedgerError `bad-file`
 */
export async function tsigKeyOf(
  settings: Pick<Rfc2136Settings, 'tsigKeyFile' | 'tsigName' | 'tsigAlgorithm'>,
): Promise<TsigKey | null> {
  const { tsigKeyFile: file } = settings;
  if (file === null) return null;
  const found = keyIn(await secretFile(file), settings.tsigName);
  const secret = found.secret?.replaceAll(/\s+/g, '') ?? '';
  if (!/^[A-Za-z0-9+/]{8,}={0,2}$/.test(secret)) {
    throw wrongFile(file, 'has no TSIG secret in base64', 'tsig-keygen acme-key makes a key file');
  }
  const name = settings.tsigName ?? keyName(found.name ?? '');
  if (name === null) {
    throw wrongFile(
      file,
      "doesn't say the name of its TSIG key",
      'add --tsig-name NAME, as the server knows the key',
    );
  }
  const algorithm = settings.tsigAlgorithm ?? tsigAlgorithm(found.algorithm ?? usualAlgorithm);
  if (algorithm !== null) return { name, algorithm, secret };
  throw wrongFile(file, 'names a TSIG algorithm that nobody knows', 'say it with --tsig-algorithm');
}

function keyIn(text: string, wantedName: string | null): FoundKey {
  const blocks = blocksIn(text);
  const [only] = blocks;
  if (only !== undefined) {
    const named = blocks.find(({ name }) => keyName(name ?? '') === wantedName);
    return named ?? (blocks.length === 1 || wantedName === null ? only : nothing);
  }
  const {
    dns_rfc2136_secret: secret,
    dns_rfc2136_name: name,
    dns_rfc2136_algorithm: algorithm,
  } = variablesIn(text);
  // certbot's own usual algorithm.
  if (secret !== undefined) return { secret, name: name ?? null, algorithm: algorithm ?? 'hmac-md5' };
  const words = linesOf(text).join('').split(':');
  return { secret: words.at(-1) ?? null, name: words.at(-2) ?? null, algorithm: words.at(-3) ?? null };
}

const nothing: FoundKey = { name: null, algorithm: null, secret: null };

/** Without lines of comments; `//` behind other text may be in the middle of a secret. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((each) => each.trim());
  return lines.filter((each) => each !== '' && !/^[#;]|^\/\//.test(each));
}

/** The `key` statements of a BIND configuration. */
function blocksIn(text: string): FoundKey[] {
  const bare = linesOf(text).join('\n');
  return [...bare.matchAll(/\bkey\s+"?([^\s"{;]+)"?\s*\{([^}]*)\}/g)].map(([, name = '', body = '']) => ({
    name,
    algorithm: /\balgorithm\s+"?([^\s";]+)/i.exec(body)?.[1] ?? null,
    secret: /\bsecret\s+"?([^\s";]+)/i.exec(body)?.[1] ?? null,
  }));
}

function wrongFile(file: string, fault: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', `the key file ${printable(file)} ${fault}`, { hint });
}
