import { printable } from '../../../printable.ts';
import { parseServerAddress } from '../../../system/socket-address.ts';
import { usage } from '../../solver-option.ts';
import { visibilityOptions } from '../../visibility/options.ts';
import { checkedSecretFile } from '../credentials-option.ts';
import { tsigAlgorithms, type TsigAlgorithm } from './settings.ts';

/** The options of the solver rfc2136, in the order in which they are checked. */
export const rfc2136Options = {
  dnsServer: {
    placeholder: 'ADDR[:PORT]',
    help: 'rfc2136: the name server that takes updates of the zone',
    kind: 'text',
    isRequired: true,
    check: checkedServer,
  },
  tsigKeyFile: {
    placeholder: 'FILE',
    help: "rfc2136: the key (BIND's key file, or the secret alone)",
    kind: 'text',
    check: checkedSecretFile,
  },
  tsigName: {
    placeholder: 'NAME',
    help: 'rfc2136: the name of the key, where its file has none',
    kind: 'text',
    check: checkedKeyName,
  },
  tsigAlgorithm: {
    placeholder: 'ALGORITHM',
    help: 'rfc2136: where the file has none (default: hmac-sha256)',
    kind: 'text',
    check: checkedAlgorithm,
  },
  ...visibilityOptions,
} as const;

function checkedServer(given: string | undefined): string {
  const address = given === undefined ? null : parseServerAddress(given.trim(), 53);
  if (address !== null) return address;
  throw usage(
    given === undefined
      ? 'the solver rfc2136 needs --dns-server ADDR[:PORT]'
      : `--dns-server "${printable(given)}" isn't ADDR[:PORT]`,
    "give the IP address of the zone's primary name server, as in 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53",
  );
}

function checkedKeyName(given: string | undefined): string | null {
  if (given === undefined || given.trim() === '') return null;
  const name = keyName(given.trim());
  if (name !== null) return name;
  throw usage(
    `--tsig-name "${printable(given)}" isn't the name of a key`,
    'it is a domain name, as the server knows the key: acme-key or acme.example.com',
  );
}

function checkedAlgorithm(given: string | undefined): TsigAlgorithm | null {
  if (given === undefined || given.trim() === '') return null;
  const algorithm = tsigAlgorithm(given);
  if (algorithm !== null) return algorithm;
  throw usage(`--tsig-algorithm "${printable(given)}" isn't there`, `there is: ${tsigAlgorithms.join(', ')}`);
}

/** The name without the last dot; null for what would be more than one word to nsupdate. */
export function keyName(text: string): string | null {
  const name = text.replace(/\.$/, '');
  return /^[\w-]+(?:\.[\w-]+)*$/.test(name) && name.length <= 253 ? name : null;
}

/** The algorithm in any spelling: BIND, certbot (`HMAC-SHA512`) and lego (`hmac-sha256.`) have their own. */
export function tsigAlgorithm(text: string): TsigAlgorithm | null {
  const word = text.trim().toLowerCase().replace(/\.$/, '').replace('.sig-alg.reg.int', '');
  const known = word.startsWith('hmac-') ? word : `hmac-${word}`;
  return tsigAlgorithms.find((algorithm) => algorithm === known) ?? null;
}
