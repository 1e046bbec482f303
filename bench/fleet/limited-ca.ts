import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fleetFaults } from '../../test/crash/fleet-faults.ts';
import { boulder } from '../../test/support/misbehaviour/boulder.ts';
import type { LimitOptions } from '../../test/support/misbehaviour/issuance-limits.ts';
import { randomFaults } from '../../test/support/misbehaviour/random-faults.ts';
import type { Allowance } from '../../test/support/misbehaviour/token-bucket.ts';
import { type PebbleLab, startPebble } from '../../test/support/pebble.ts';
import { type AcmeProxy, startProxy } from '../../test/support/proxy.ts';
import type { CaRule } from '../../test/support/ruled-ca.ts';
import { serveWebroot } from '../../test/support/webroot-server.ts';
import type { FleetSites } from './sites.ts';

/** A CA with Let's Encrypt's limits in small, of whose requests one in fifty goes wrong. */
export interface LimitedCa {
  pebble: PebbleLab;
  proxy: AcmeProxy;
  limits: LimitOptions;
  /** What it said to those who asked too much, the made-up faults left out: all of it could have been foreseen. */
  refusals: string[];
  faults: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const faultShare = 0.02;
const slowMs = 3_000;
const failuresInARow = 20;
const hourMs = 3_600_000;

/** @param seed chooses the faults */
export async function startLimitedCa(
  { sites, dead, slow }: FleetSites,
  webroot: string,
  seed: number,
): Promise<LimitedCa> {
  const pebble = await startPebble({
    // The nonces that go wrong are among the faults, which are counted.
    env: { PEBBLE_WFE_ORDERS_PER_PAGE: '1000', PEBBLE_WFE_NONCEREJECT: '0' },
  });
  for (const name of dead) await pebble.challtestsrv.setServfail(name);
  const webServer = await serveWebroot(webroot, pebble.httpPort, (host) => (slow.has(host) ? slowMs : 0));
  const catalogue = fleetFaults({ slowMs, withLostSubmits: true });
  const { hook, counts } = randomFaults({ catalogue, share: faultShare, seed });
  const limits = scaledLimits(sites.length);
  const refusals: string[] = [];
  const { rules } = boulder({ limits, pausing: { afterFailures: failuresInARow } });
  const proxy = await startProxy({
    directoryUrl: pebble.directoryUrl,
    fault: hook,
    rules: [...rules, refusalsInto(refusals)],
  });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await webServer.stop();
    await pebble.stop();
  };
  return { pebble, proxy, limits, refusals, faults: counts, stop };
}

/**
 * Let's Encrypt's limits so that this many certificates take minutes and not days: a quarter of all at once, and another quarter in
 * every hundred seconds; twelve of the twenty certificates of a domain at once, and another one every two seconds.
 */
function scaledLimits(certificates: number): LimitOptions {
  return {
    newOrders: {
      limit: Math.max(1, Math.round(certificates / 4)),
      periodMs: Math.min(100, Math.max(10, certificates / 20)) * 1000,
    },
    certificatesPerDomain: { limit: 12, periodMs: 24_000 },
    certificatesPerSet: { limit: 5, periodMs: hourMs },
    failedAuthorizations: { limit: 5, periodMs: hourMs },
  };
}

function refusalsInto(refusals: string[]): CaRule {
  return {
    after: (_request, { status, body }) => {
      if (status === 429) refusals.push(body.toString('utf8'));
      return undefined;
    },
  };
}

/** The program's configuration: where the CA is, and its limits. @returns the file */
export async function writeFleetConfiguration(
  directory: string,
  { proxy, pebble, limits }: LimitedCa,
  maxPending: number,
): Promise<string> {
  const file = path.join(directory, 'fleet.yaml');
  const entries = Object.entries(limits) as [string, Allowance][];
  await writeFile(
    file,
    [
      `ca: ${proxy.directoryUrl}`,
      `caFile: ${pebble.caFile}`,
      `stateDir: ${path.join(directory, 'state')}`,
      'agreeTos: yes',
      `maxPending: ${maxPending}`,
      // As the built-in profile of Let's Encrypt has it, whose limits these are.
      'onUnsubmitted: resume',
      'onFailedName: drop',
      'limits:',
      `  ${proxy.directoryUrl}:`,
      ...entries.map(([name, { limit, periodMs }]) => `    ${name}: ${limit}/${periodMs / 1000}s`),
      `    failuresInARow: ${failuresInARow}/${failuresInARow}d`,
      '    countDeactivations: yes',
      '',
    ].join('\n'),
  );
  return file;
}
