import { type Installation, newInstallation } from '../../support/installation.ts';
import type { AuthorizationCensus } from '../../support/authorization-census.ts';
import type { Fault, FaultHook } from '../../support/fault.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

/** A CA that breaks in the middle of a run, and who has many certificates of it. */
export interface MinuteStage {
  proxy: AcmeProxy;
  here: Installation;
  /** Wants so many certificates, of one name each, that aren't there yet. */
  want(count: number): Promise<string[]>;
  /** The names whose certificate isn't stored. */
  missing(names: readonly string[]): string[];
  /** What all runs so far have done to the CA and should not have; `notPaidOnce` is about these names. */
  harm(names: readonly string[]): MinuteHarm;
  stop(): Promise<void>;
}

/** Each list is empty where a bad minute has cost nothing. */
export interface MinuteHarm {
  /** URLs of authorizations. */
  invalid: string[];
  open: string[];
  /** Names for which the CA made none or several orders, or was asked for none or several certificates. */
  notPaidOnce: string[];
}

export const noHarm: MinuteHarm = { invalid: [], open: [], notPaidOnce: [] };

/** What a run says of a fault of the CA. */
export interface OutageTold {
  begins: string[];
  ends: string[];
  /** Whatever else it says on stderr. */
  others: string[];
}

export function outageTold(stderr: string): OutageTold {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const isBegin = (line: string): boolean => line.includes('the CA is out of order');
  const isEnd = (line: string): boolean => line.includes('the CA answers again');
  return {
    begins: lines.filter(isBegin),
    ends: lines.filter(isEnd),
    others: lines.filter((line) => !isBegin(line) && !isEnd(line)),
  };
}

export async function newMinuteStage(): Promise<MinuteStage> {
  const lab: PebbleLab = await startPebble();
  const proxy = await startProxy({ directoryUrl: lab.directoryUrl });
  const here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  const webServer: WebrootServer = await serveWebroot(here.webroot, lab.httpPort);
  await here.run(['account', 'register']);
  let stages = 0;
  return {
    proxy,
    here,
    async want(count) {
      stages += 1;
      const names = Array.from({ length: count }, (_, at) => `n${String(at)}.s${String(stages)}.test`);
      const rows = names.map((name) => JSON.stringify({ names: [name], webroot: here.webroot }));
      await here.run(['cert', 'import', '-'], { input: `${rows.join('\n')}\n` });
      return names;
    },
    missing(names) {
      const stored = here.rows<{ name: string }>('select name from certificates where stored_at is not null');
      const known = new Set(stored.map(({ name }) => name));
      return names.filter((name) => !known.has(name));
    },
    harm: (names) => harmOf(proxy.census, names),
    async stop() {
      await webServer.stop();
      await proxy.stop();
      await lab.stop();
      await here.remove();
    },
  };
}

function harmOf(census: AuthorizationCensus, names: readonly string[]): MinuteHarm {
  const withStatus = (wanted: string): string[] =>
    [...census.authorizations.values()].flatMap(({ status, url }) => (status === wanted ? [url] : []));
  return {
    invalid: withStatus('invalid'),
    open: withStatus('pending'),
    notPaidOnce: names.filter((name) => {
      const orders = census.ordersFor(name);
      return orders.length !== 1 || orders[0]?.finalizations !== 1;
    }),
  };
}

const broken: Fault = {
  type: 'answer',
  status: 500,
  body: { type: 'urn:ietf:params:acme:error:serverInternal', detail: 'The service is down', status: 500 },
};

const noNonce: Fault = {
  type: 'answer',
  status: 400,
  body: {
    type: 'urn:ietf:params:acme:error:badNonce',
    detail: 'JWS has an invalid anti-replay nonce',
    status: 400,
  },
};

/** On a busy machine a second may be over before requests that were sent in it have met the fault, each twice: three say that it isn't bad luck. */
const faultsLeast = 12;

/**
 * From the n-th newOrder on, for so long and until some have met it: newNonce is gone, and no nonce is accepted. So Boulder does without its
 * nonce service.
 */
export function nonceServiceGone(ms: number, fromOrder: number): FaultHook {
  let until = Infinity;
  let met = 0;
  return ({ kind, method, count }) => {
    if (until === Infinity && kind === 'newOrder' && count === fromOrder) until = Date.now() + ms;
    if (until === Infinity || (Date.now() >= until && met >= faultsLeast)) return undefined;
    if (kind === 'newNonce') {
      met += 1;
      return { type: 'drop' };
    }
    return method === 'POST' ? noNonce : undefined;
  };
}

/** From the n-th newOrder on so many of them are answered 500. */
export function burstOfErrors(errors: number, fromOrder: number): FaultHook {
  return ({ kind, count }) =>
    kind === 'newOrder' && count >= fromOrder && count < fromOrder + errors
      ? { ...broken, withNonce: true }
      : undefined;
}
