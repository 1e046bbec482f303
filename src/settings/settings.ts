import { X509Certificate } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { stagingAuthority } from '../acme/authorities/stagings.ts';
import { badFile, readGivenFile } from '../system/given-file.ts';
import { parseDuration } from '../duration.ts';
import { AcmeLedgerError } from '../errors.ts';
import { usualSuspendMs } from '../policies.ts';
import type { FailedNamePolicy } from '../policies.ts';
import type { NameHook } from '../policies.ts';
import { hookDistrust } from '../system/hook-program.ts';
import { printable } from '../printable.ts';
import { noSolverRules, type SolverRules } from '../challenges/proof/solver-rules.ts';
import type { PlacedPattern } from '../name-pattern.ts';
import type { ConfiguredCertificate } from './configured-certificates.ts';
import {
  findConfigurationFile,
  passedOver,
  readConfigurationFile,
  usualPlaces,
} from './configuration-file.ts';
import { readExternalAccount, type ExternalAccount } from './external-account.ts';
import { givenPath } from './given-path.ts';
import { environmentLayer, flagLayer, mergeLayers, type Flags, type Layer } from './layer.ts';
import { usualLedgerUrl } from '../ledger/ledger-url.ts';
import { checkLedgerUrl } from './ledger-url.ts';
import type { LimitsGiven } from './limit-changes.ts';
import { type Given, optionError } from './option-check.ts';
import { probeSettings, type ProbeSettings } from './probe-settings.ts';

// A bundle of all public roots has 200 KiB.
const maxCaFileBytes = 4 * 1024 * 1024;

/** The global options, checked, out of flags, environment, configuration file and defaults. Paths are absolute. */
export interface Settings {
  /** The file that was read, or null. */
  configurationFile: string | null;
  /** Where a configuration file was looked for. */
  configurationPlaces: readonly string[];
  /** A file that root might take for one that is read, and that isn't. */
  configurationPassedOver: string | null;
  /** `--as-other-user`: root obeys whom the state directory belongs to. */
  asOtherUser: boolean;
  stateDir: string;
  /** `sqlite:` and an absolute path. */
  ledgerUrl: string;
  /** A built-in CA's name or a directory URL, unchecked; with `--staging` that of the staging. */
  ca: string;
  /** Whether a flag or a variable chose it; a configured CA is where new things are made, lists are over all accounts. */
  caGiven: boolean;
  /** The staging at which orders are rehearsed for a CA whose staging isn't built in; as `ca`. */
  rehearsalCa: string | null;
  /** The CA from which a certificate is ordered that can't wait for its own; as `ca`. */
  fallbackCa: string | null;
  caPem: string | null;
  email: string | null;
  agreeTos: boolean;
  eab: ExternalAccount | null;
  /** Null: the CA's profile decides. */
  maxPending: number | null;
  onUnsubmitted: 'deactivate' | 'resume' | null;
  /** The CAs' limits as the configuration file gives them. */
  limits: LimitsGiven;
  /** Null: what `usualPolicy` says, for `issue` `fail`. */
  onFailedName: FailedNamePolicy | null;
  suspendAfterMs: number;
  nameHook: NameHook | null;
  probe: ProbeSettings;
  /** Names that no order may name. */
  neverOrder: readonly PlacedPattern[];
  /** How many new names a registered domain may have in a day; null: any number. */
  maxNewNamesPerDomain: number | null;
  /** How the configuration file proves names. */
  solvers: SolverRules;
  /** The certificates that the configuration file wants; null when it says nothing of them. */
  certificates: readonly ConfiguredCertificate[] | null;
  json: boolean;
  /** -1 quiet, 0 normal, and one more for each -v. */
  verbosity: number;
  logFormat: 'pretty' | 'json';
  /** `--no-log`: false. */
  log: boolean;
  /** Null: in the state directory. */
  logFile: string | null;
  progress: boolean;
}

export interface Surroundings {
  cwd: string;
  isRoot: boolean;
  /** Null for a user who has none. */
  home: string | null;
}

/**
 * Reads the global options: a flag goes before its environment variable, that before the configuration file. Writes nothing.
 * @throws AcmeLedgerError `usage`, `configuration` (with file, line and column), `bad-file`
 */
export async function readSettings(
  flags: Flags,
  environment: NodeJS.ProcessEnv,
  surroundings: Surroundings,
): Promise<Settings> {
  const { cwd } = surroundings;
  const asked = configurationAsked(flags, environment);
  const places = { ...surroundings, configHome: environment.XDG_CONFIG_HOME };
  const configurationFile = await findConfigurationFile(asked, places);
  const file = configurationFile === null ? {} : await readConfigurationFile(configurationFile);
  const [flag, variable] = [flagLayer(flags, cwd), environmentLayer(environment, cwd)];
  const layers = [flag, variable, file];
  const given = mergeLayers(layers);
  const stateDir =
    given.stateDir === undefined ? defaultStateDir(environment, surroundings) : givenPath(given.stateDir);
  return {
    configurationFile,
    configurationPlaces: asked === undefined ? usualPlaces(places) : [],
    configurationPassedOver: passedOver(configurationFile, places),
    asOtherUser: given.asOtherUser?.value ?? false,
    stateDir,
    ledgerUrl: given.ledger === undefined ? usualLedgerUrl(stateDir) : checkLedgerUrl(given.ledger),
    ca: chosenCa(given),
    caGiven: [flag, variable].some(({ ca, staging }) => ca !== undefined || staging?.value === true),
    rehearsalCa: authorityGiven(given.rehearsalCa),
    fallbackCa: authorityGiven(given.fallbackCa),
    caPem: given.caFile === undefined ? null : await readCaFile(given.caFile),
    email: given.email?.value ?? null,
    agreeTos: given.agreeTos?.value ?? false,
    eab: await readExternalAccount(given.eabKid, given.eabHmacKeyFile),
    maxPending: given.maxPending?.value ?? null,
    onUnsubmitted: given.onUnsubmitted?.value ?? null,
    limits: given.limits?.value ?? new Map(),
    onFailedName: given.onFailedName?.value ?? null,
    suspendAfterMs:
      given.suspendAfter === undefined
        ? usualSuspendMs
        : parseDuration(given.suspendAfter.value, given.suspendAfter.origin.label),
    nameHook: given.nameHook === undefined ? null : nameHookOf(given.nameHook),
    probe: probeSettings(given),
    neverOrder: given.neverOrder?.value ?? [],
    maxNewNamesPerDomain: given.maxNewNamesPerDomain?.value ?? null,
    solvers: given.solvers?.value ?? noSolverRules,
    certificates: given.certificates?.value ?? null,
    json: given.json?.value ?? false,
    verbosity: verbosityOf(layers),
    logFormat: given.logFormat?.value ?? 'pretty',
    logFile: given.logFile === undefined ? null : givenPath(given.logFile),
    log: given.log?.value ?? true,
    progress: given.progress?.value ?? true,
  };
}

function nameHookOf({ value, origin }: Given<string>): NameHook {
  const distrust = hookDistrust(value, origin.baseDirectory);
  if (distrust === null) return { command: value, directory: origin.baseDirectory };
  throw optionError(origin, `names ${distrust.program}, which ${distrust.reason}`, distrust.hint);
}

function configurationAsked(flags: Flags, environment: NodeJS.ProcessEnv): string | undefined {
  const { config } = flags;
  if (config === '') {
    throw new AcmeLedgerError('usage', '--config names no file', {
      hint: 'leave it out to use the usual places',
    });
  }
  if (typeof config === 'string') return config;
  const variable = environment.ACME_LEDGER_CONFIG;
  return variable === '' ? undefined : variable;
}

function defaultStateDir(environment: NodeJS.ProcessEnv, { isRoot, home }: Surroundings): string {
  if (isRoot) return '/var/lib/acme-ledger';
  const stateHome = environment.XDG_STATE_HOME;
  // XDG base directory specification: a relative path is to be ignored.
  if (stateHome !== undefined && isAbsolute(stateHome)) return join(stateHome, 'acme-ledger');
  if (home !== null) return join(home, '.local', 'state', 'acme-ledger');
  throw new AcmeLedgerError(
    'usage',
    'nothing says where the state directory is: this user has no home directory',
    { hint: 'give --state-dir DIR, or set ACME_LEDGER_STATE_DIR' },
  );
}

/** The CA of `--ca`, or with `--staging` its staging. */
function chosenCa({ ca, staging, rehearsalCa }: Layer): string {
  const chosen = ca?.value ?? 'letsencrypt';
  if (staging?.value !== true) return chosen;
  try {
    const { name, directoryUrl } = stagingAuthority(authorityOf(chosen), rehearsalCa?.value ?? null);
    return name ?? directoryUrl;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw optionError(staging.origin, `can't be used: ${error.message}`, error.hint ?? '');
  }
}

/** Looked at now, and not in the night in which the usual CA fails. */
function authorityGiven(given: Given<string> | undefined): string | null {
  if (given === undefined) return null;
  try {
    authorityOf(given.value);
    return given.value;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw optionError(given.origin, `can't be used: ${error.message}`, error.hint ?? '');
  }
}

async function readCaFile(given: Given<string>): Promise<string> {
  const path = givenPath(given);
  const pem = (await readGivenFile({ path, what: 'the CA file', maxBytes: maxCaFileBytes })).toString(
    'latin1',
  );
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw badFile(
      `the CA file ${printable(path)} holds no certificate in PEM`,
      'give the root certificate of the CA',
      cause,
    );
  }
}

/** The first source that says anything of it: `--quiet` beats a `verbose: 2` in the file. */
function verbosityOf(layers: readonly Layer[]): number {
  for (const { quiet, verbose } of layers) {
    if (quiet?.value === true && (verbose?.value ?? 0) > 0) {
      throw new AcmeLedgerError(
        quiet.origin.code,
        `${quiet.origin.label} contradicts ${verbose?.origin.label ?? ''}`,
        {
          hint: 'give one of them',
        },
      );
    }
    if (quiet?.value === true) return -1;
    if (verbose !== undefined) return verbose.value;
    if (quiet !== undefined) return 0;
  }
  return 0;
}
