import { dirname, join } from 'node:path';
import { acmeShAccounts } from './acme-sh.ts';
import { hostlessServer, type CertificateLayout } from '../certificate-layout.ts';
import type { ClientFiles, ClientOptions, ClientSolver } from '../client-certificate.ts';
import { webUrl } from '../found-text.ts';
import { shellValues } from '../shell-values.ts';
import { webrootChoice } from '../webroot-choice.ts';

type Values = ReadonlyMap<string, string>;

/** acme.sh: `DOMAIN/DOMAIN.conf`, for an EC key `DOMAIN_ecc/DOMAIN.conf`. */
export const acmeShCertificates: CertificateLayout = {
  homes: acmeShAccounts.homes,
  folder: '',
  isWanted: (path) => /^([^/]+?)(_ecc)?\/\1\.conf$/.test(path),
  async certificateOf({ file, parts, text, namesIn }) {
    const values = shellValues(text);
    const domain = valueOf(values, 'Le_Domain');
    if (domain === null) throw new Error('it has no Le_Domain');
    const home = dirname(dirname(file));
    const [programs, scripts] = [await namesIn('..'), await namesIn('../dnsapi')];
    return {
      name: (parts[0] ?? '').replace(/^\*/, '_'),
      names: [domain, ...listOf(values, 'Le_Alt')],
      ...hostlessServer(webUrl(valueOf(values, 'Le_API'))),
      ...solverOf(values, [domain, ...listOf(values, 'Le_Alt')], {
        home,
        scripts: programs.includes('acme.sh') ? scripts : [],
      }),
      options: optionsOf(values),
      notes: notesOf(values),
      issued: filesOf(dirname(file), domain, values),
    };
  },
};

/** Its own files, and the copies that `--install-cert` made of them, which web servers are told of. */
function filesOf(folder: string, domain: string, values: Values): ClientFiles {
  const [fullchain, key] = [join(folder, 'fullchain.cer'), join(folder, `${domain}.key`)];
  const own = [fullchain, key, join(folder, `${domain}.cer`), join(folder, 'ca.cer')];
  return { chain: [fullchain], key, served: [...own, ...installed(values)] };
}

function installed(values: Values): string[] {
  const names = ['Le_RealCertPath', 'Le_RealKeyPath', 'Le_RealFullChainPath', 'Le_RealCACertPath'];
  return names.flatMap((name) => valueOf(values, name) ?? []);
}

/** The folder of acme.sh, with the scripts of its dnsapi that can be called there. */
interface Home {
  home: string;
  scripts: readonly string[];
}

/** `Le_Webroot` has the way of each name, in their order; the last holds for all that follow. */
function solverOf(
  values: Values,
  names: readonly string[],
  home: Home,
): { solver: ClientSolver | null; unsolved: string | null } {
  const ways = (values.get('Le_Webroot') ?? '').split(',').filter((way) => way !== '');
  const [way = ''] = ways;
  if (ways.length > 0 && ways.every((one) => one.startsWith('/'))) {
    const folders = names.map((_, index) => ways[index] ?? ways.at(-1) ?? '');
    return { solver: webrootChoice(names, folders), unsolved: null };
  }
  if (new Set(ways).size > 1) return { solver: null, unsolved: 'its names are proven in different ways' };
  if (way === 'no') return { solver: standalone('http-01', valueOf(values, 'Le_HTTPPort')), unsolved: null };
  if (way === 'alpn')
    return { solver: standalone('tls-alpn-01', valueOf(values, 'Le_TLSPort')), unsolved: null };
  if (/^dns_\w+$/.test(way)) return byScript(way, values, home);
  return { solver: null, unsolved: `acme-ledger has nothing like acme.sh's ${way === '' ? 'way' : way}` };
}

/**
 * A script of the dnsapi goes on in a shell of acme.sh (`--hook-style acme.sh`), which finds its credentials in the
 * `account.conf` of the same folder.
 */
function byScript(
  way: string,
  values: Values,
  { home, scripts }: Home,
): { solver: ClientSolver | null; unsolved: string | null } {
  if (valueOf(values, 'Le_ChallengeAlias') !== null)
    return { solver: null, unsolved: `acme.sh's ${way} writes its records under another name, an alias` };
  if (!scripts.includes(`${way}.sh`))
    return { solver: null, unsolved: `acme.sh, or its script ${way}.sh, isn't in ${home}` };
  const hook = join(home, 'dnsapi', `${way}.sh`);
  return { solver: { solver: 'exec', challenge: 'dns-01', hook, hookStyle: 'acme.sh' }, unsolved: null };
}

function standalone(challenge: ClientSolver['challenge'], port: string | null): ClientSolver {
  return { solver: 'standalone', challenge, ...(port === null ? {} : { listen: port }) };
}

const keyTypes: Readonly<Record<string, string>> = {
  '': 'rsa2048',
  '2048': 'rsa2048',
  '3072': 'rsa3072',
  '4096': 'rsa4096',
  'ec-256': 'ec256',
  'ec-384': 'ec384',
};

function optionsOf(values: Values): ClientOptions {
  const keyType = keyTypes[values.get('Le_Keylength') ?? ''];
  const preferredChain = valueOf(values, 'Le_Preferred_Chain');
  const profile = valueOf(values, 'Le_Certificate_Profile');
  const deployHook = valueOf(values, 'Le_ReloadCmd');
  return {
    ...(keyType === undefined ? {} : { keyType }),
    ...(profile === null ? {} : { profile }),
    ...(preferredChain === null ? {} : { preferredChain }),
    ...(deployHook === null ? {} : { deployHook }),
  };
}

function notesOf(values: Values): string[] {
  const hooks = ['Le_PreHook', 'Le_PostHook', 'Le_RenewHook', 'Le_DeployHook'];
  const copies = installed(values);
  return [
    ...hooks.filter((hook) => valueOf(values, hook) !== null).map((hook) => `its ${hook} isn't run`),
    ...(copies.length === 0 ? [] : [`it isn't copied to ${copies.join(', ')}`]),
  ];
}

/** A value of acme.sh; some are "no" where nothing is set. */
function valueOf(values: Values, name: string): string | null {
  const value = values.get(name) ?? '';
  return value === '' || value === 'no' ? null : value;
}

function listOf(values: Values, name: string): string[] {
  return (valueOf(values, name) ?? '').split(',').filter((one) => one !== '' && one !== 'no');
}
