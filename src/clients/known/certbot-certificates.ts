import { dirname, join } from 'node:path';
import { certbotAccounts } from './certbot-accounts.ts';
import { credentialsKey, dnsPluginSolver } from './certbot-dns.ts';
import { hostlessServer, type CertificateLayout } from '../certificate-layout.ts';
import type { ClientFile } from '../client-files.ts';
import type { ClientFiles, ClientOptions, ClientSolver } from '../client-certificate.ts';
import { issuedFacts } from '../client-certificate.ts';
import { webUrl } from '../found-text.ts';
import { webrootChoice } from '../webroot-choice.ts';
import type { IniSection } from '../ini-sections.ts';
import { iniSections } from '../ini-sections.ts';

/** certbot: `renewal/NAME.conf`; the names are those of `live/NAME/cert.pem`. */
export const certbotCertificates: CertificateLayout = {
  homes: certbotAccounts.homes,
  folder: 'renewal',
  isWanted: (path) => /^[^/]+\.conf$/.test(path),
  async certificateOf({ file, parts, text, beside, namesIn }) {
    const name = (parts[0] ?? '').slice(0, -'.conf'.length);
    const sections = iniSections(text);
    const settings = sections.get('renewalparams');
    if (settings === undefined) throw new Error('it has no section renewalparams');
    const pem = await beside(`../live/${name}/cert.pem`);
    if (pem === null) throw new Error(`live/${name}/cert.pem, which has its names, can't be read`);
    const { names, keyType } = issuedFacts(pem);
    const webroots = sections.get('renewalparams/webroot_map') ?? new Map<string, string>();
    const {
      solver,
      unsolved,
      notes = [],
    } = (await dnsSolverOf(settings, beside)) ?? solverOf(names, settings, webroots);
    return {
      name,
      names,
      ...hostlessServer(webUrl(oneOf(settings, 'server'))),
      solver,
      unsolved,
      options: optionsOf(settings, keyType),
      notes: [...notes, ...notesOf(settings), ...(await directoryHooks(namesIn))],
      issued: filesIn(join(dirname(file), '../live', name)),
    };
  },
};

/** The links in `live/NAME`, which web servers are told of. */
function filesIn(live: string): ClientFiles {
  const [key, fullchain] = [join(live, 'privkey.pem'), join(live, 'fullchain.pem')];
  return {
    chain: [fullchain],
    key,
    served: [fullchain, key, join(live, 'cert.pem'), join(live, 'chain.pem')],
  };
}

interface TakenOver {
  solver: ClientSolver | null;
  unsolved: string | null;
  notes?: readonly string[];
}

/** Null for what no DNS plugin proves that has its like here. */
async function dnsSolverOf(settings: IniSection, beside: ClientFile['beside']): Promise<TakenOver | null> {
  if (isOff(settings)) return null;
  // Older versions put a plugin's package before its name.
  const plugin = (oneOf(settings, 'authenticator') ?? '').replace(/^[^:]*:/, '');
  const credentials = oneOf(settings, credentialsKey(plugin));
  return dnsPluginSolver({ plugin, credentials, beside });
}

function isOff(settings: IniSection): boolean {
  return (oneOf(settings, 'autorenew') ?? 'True').toLowerCase() === 'false';
}

function solverOf(names: readonly string[], settings: IniSection, webroots: IniSection): TakenOver {
  const authenticator = oneOf(settings, 'authenticator') ?? 'none';
  if (isOff(settings)) return unsolved('certbot is told not to renew it (autorenew)');
  switch (authenticator) {
    case 'webroot': {
      const fallback = listOf(settings, 'webroot_path').at(-1) ?? '';
      const folders = names.map((name) => oneOf(webroots, name) ?? fallback);
      return folders.includes('')
        ? unsolved('its webroot is missing')
        : solved(webrootChoice(names, folders));
    }
    case 'standalone': {
      const listen = [oneOf(settings, 'http01_address'), oneOf(settings, 'http01_port')];
      const address = listen[0]?.includes(':') === true ? `[${listen[0]}]` : listen[0];
      const isSaid = listen.some((one) => one !== null);
      return solved({
        solver: 'standalone',
        challenge: 'http-01',
        ...(isSaid ? { listen: [address ?? [], listen[1] ?? '80'].flat().join(':') } : {}),
      });
    }
    case 'manual':
      return manualOf(names, settings);
    default:
      return unsolved(`acme-ledger has nothing like certbot's plugin ${authenticator}`);
  }
}

/** Hooks prove what certbot's plugin `manual` asks for; it prefers http-01 where it may choose. */
function manualOf(
  names: readonly string[],
  settings: IniSection,
): { solver: ClientSolver | null; unsolved: string | null } {
  const hook = commandOf(settings, 'manual_auth_hook');
  if (hook === null) return unsolved('a person proves its names: certbot has no hook for it');
  const cleanupHook = commandOf(settings, 'manual_cleanup_hook');
  const asked = listOf(settings, 'pref_challs').find((type) => type === 'http-01' || type === 'dns-01');
  const isWildcard = names.some((name) => name.startsWith('*.'));
  return solved({
    solver: 'exec',
    challenge: asked === 'dns-01' || isWildcard ? 'dns-01' : 'http-01',
    hook,
    ...(cleanupHook === null ? {} : { cleanupHook }),
    hookStyle: 'certbot',
    // Such hooks wait for the name servers themselves: nobody else does for certbot.
    propagationTimeout: '0s',
  });
}

function solved(solver: ClientSolver): { solver: ClientSolver; unsolved: null } {
  return { solver, unsolved: null };
}

function unsolved(reason: string): { solver: null; unsolved: string } {
  return { solver: null, unsolved: reason };
}

function optionsOf(settings: IniSection, keyType: string | null): ClientOptions {
  const profile = oneOf(settings, 'required_profile') ?? oneOf(settings, 'preferred_profile');
  const preferredChain = oneOf(settings, 'preferred_chain');
  const deployHook = commandOf(settings, 'renew_hook');
  return {
    ...(keyType === null ? {} : { keyType }),
    ...(oneOf(settings, 'reuse_key')?.toLowerCase() === 'true' ? { reuseKey: true } : {}),
    ...(profile === null ? {} : { profile }),
    ...(preferredChain === null ? {} : { preferredChain }),
    ...(deployHook === null ? {} : { deployHook }),
  };
}

function notesOf(settings: IniSection): string[] {
  const installer = oneOf(settings, 'installer');
  return [
    ...['pre_hook', 'post_hook']
      .filter((hook) => oneOf(settings, hook) !== null)
      .map((hook) => `its ${hook} isn't run`),
    ...(installer === null ? [] : [`its files aren't put into the configuration of ${installer}`]),
    ...(oneOf(settings, 'must_staple')?.toLowerCase() === 'true'
      ? ['it is ordered without must-staple']
      : []),
  ];
}

/** The hooks in folders that certbot runs for each certificate beside its own hooks. */
async function directoryHooks(namesIn: ClientFile['namesIn']): Promise<string[]> {
  const folders = ['pre', 'deploy', 'post'].map(async (folder) => {
    const names = await namesIn(`../renewal-hooks/${folder}`);
    return names.sort().map((name) => `renewal-hooks/${folder}/${name} isn't run`);
  });
  return (await Promise.all(folders)).flat();
}

/**
 * A command that is read as a whole: a half of it would do something else.
 * @throws Error
 */
function commandOf(settings: IniSection, name: string): string | null {
  const value = settings.get(name);
  // ConfigObj puts other values where it has %(name)s.
  const isWhole = value === undefined || (typeof value === 'string' && !value.includes('%('));
  if (isWhole) return oneOf(settings, name);
  throw new Error(`its ${name} can't be read as one command: put it into quotes`);
}

/** certbot writes None for nothing. */
function oneOf(settings: IniSection, name: string): string | null {
  const value = listOf(settings, name).at(-1);
  return value === undefined || value === '' || value === 'None' ? null : value;
}

function listOf(settings: IniSection, name: string): readonly string[] {
  const value = settings.get(name) ?? [];
  return typeof value === 'string' ? [value] : value;
}
