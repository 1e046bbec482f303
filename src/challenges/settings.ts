import { isAbsolute } from 'node:path';
import { isIP } from 'node:net';
import * as z from 'zod/mini'; // a quarter of zod's loading time
import { AcmeLedgerError } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import type { ChallengeType } from './solver.ts';
import { parseServerAddress } from '../system/socket-address.ts';

/*
 * What a solver needs to put an answer up, and to take it down from another process after a crash: kept in the ledger
 * as JSON, so every path is absolute and nothing is secret (a hook's credentials are in its environment or its files).
 */

const absolutePath = z.string().check(z.refine(isAbsolute, 'must be an absolute path'));

const between = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));

const webrootSettings = z.strictObject({
  solver: z.literal('webroot'),
  challenge: z.literal('http-01'),
  webroot: absolutePath,
});

const standaloneSettings = z.strictObject({
  solver: z.literal('standalone'),
  challenge: z.enum(['http-01', 'tls-alpn-01']),
  listen: z.strictObject({
    /** Null: every address of this machine. */
    host: z.nullable(z.string().check(z.refine((host) => isIP(host) !== 0, 'must be an IP address'))),
    port: between(1, 65_535),
  }),
});

const execSettings = z.strictObject({
  solver: z.literal('exec'),
  challenge: z.enum(['http-01', 'dns-01']),
  hook: z.string().check(z.regex(/\S/, 'must not be empty')),
  /** Where the hook runs, so that a relative path in it means the same thing to whoever cleans up. */
  hookDirectory: absolutePath,
  hookStyle: z.enum(['lego']),
  hookTimeoutSeconds: between(1, 86_400),
  /** Hooks at one time. 1: most hooks that edit a zone can't bear company (lego runs them one by one, too). */
  hookConcurrency: between(1, 100),
  /** How long dns-01 waits for the name servers to show the value; 0 doesn't look. */
  propagationTimeoutSeconds: between(0, 86_400),
  /** `ADDR:PORT` of the one name server to ask instead of the zone's own. */
  resolver: z.nullable(
    z.string().check(z.refine((text) => parseServerAddress(text, 53) === text, 'must be ADDR:PORT')),
  ),
});

export const solverSettings = z.discriminatedUnion('solver', [
  webrootSettings,
  standaloneSettings,
  execSettings,
]);

export type SolverSettings = z.infer<typeof solverSettings>;
export type WebrootSettings = z.infer<typeof webrootSettings>;
export type StandaloneSettings = z.infer<typeof standaloneSettings>;
export type ExecSettings = z.infer<typeof execSettings>;

/** The challenge types that each solver can answer, the usual one first. */
export const challengesOfSolver = {
  webroot: ['http-01'],
  standalone: ['http-01', 'tls-alpn-01'],
  exec: ['dns-01', 'http-01'],
} as const satisfies Record<SolverSettings['solver'], readonly ChallengeType[]>;

/** Settings as the ledger holds them. @throws AcmeLedgerError `ledger` */
export function parseSolverSettings(stored: unknown): SolverSettings {
  const result = solverSettings.safeParse(stored);
  if (result.success) return result.data;
  throw new AcmeLedgerError(
    'ledger',
    `the ledger holds solver settings that can't be read: ${issuesOf(result.error)}`,
    {
      hint: 'issue the certificate again with its challenge options: they replace the settings',
    },
  );
}

/**
 * Whether these names can be proven this way at all (RFC 8555 §7.1.3, §8; RFC 8738 §7).
 * @throws AcmeLedgerError `usage`
 */
export function assertSolvable(settings: SolverSettings, identifiers: readonly Identifier[]): void {
  for (const { type, value } of identifiers) {
    if (value.startsWith('*.') && settings.challenge !== 'dns-01') {
      throw new AcmeLedgerError(
        'usage',
        `the wildcard ${value} can only be proven with dns-01, not ${settings.challenge}`,
        {
          hint: 'give --challenge dns-01 --hook CMD instead',
        },
      );
    }
    if (type === 'ip' && settings.challenge === 'dns-01') {
      throw new AcmeLedgerError(
        'usage',
        `the IP address ${value} can't be proven with dns-01 (RFC 8738 §7)`,
        {
          hint: 'use --webroot DIR, or --solver standalone',
        },
      );
    }
  }
}

function issuesOf(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'solver'}: ${issue.message}`).join('; ');
}
