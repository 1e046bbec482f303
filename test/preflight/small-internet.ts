import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import { checkName, type NameCheck } from '../../src/preflight/check-name.ts';
import { type CheckParts, MachineLimits } from '../../src/preflight/check-parts.ts';
import { resolverAt } from '../../src/preflight/dns/resolver.ts';
import type { Found } from '../../src/preflight/finding.ts';
import type { Subject } from '../../src/preflight/subject.ts';
import { freePort } from '../support/free-port.ts';
import { NameServer } from '../support/name-server.ts';

/** A resolver, name servers and web servers that only one test sees. */
export interface SmallInternet {
  /** The resolver: it answers from all that it was told. */
  resolver: NameServer;
  httpPort: number;
  tlsPort: number;
  /** A name server on an address of its own; all have the same port. */
  nameServer(host: string, ...zones: string[]): Promise<NameServer>;
  /** A web server on port 80, as the check sees it. */
  web(host: string, listener: RequestListener): Promise<void>;
  /** The parts of a check that begins now. */
  parts(): CheckParts;
  /** What is found of a name, and what is said of this machine. */
  check(name: string, given?: Partial<Subject>, more?: Partial<NameCheck>): Promise<Found[]>;
  stop(): Promise<void>;
}

export const identity = 'ca.example';
export const accountUrl = 'https://ca.example/acct/1';

export async function smallInternet(): Promise<SmallInternet> {
  const resolver = await NameServer.start();
  const [httpPort, tlsPort, authorityPort] = [await freePort(), await freePort(), await freePort()];
  const closing: (() => Promise<unknown>)[] = [() => resolver.stop()];
  const partsNow = (): CheckParts => {
    const view = {
      resolvers: [resolver.address],
      answerResolver: resolver.address,
      authorityPort,
      httpPort,
      tlsPort,
      answerTimeoutMs: 500,
      resolverTimeoutMs: 500,
      serverTimeoutMs: 300,
    };
    return {
      view,
      resolver: resolverAt(view, new AbortController().signal),
      machine: new MachineLimits(),
      reach: { connected: 0, silent: new Set() },
      signal: new AbortController().signal,
    };
  };
  return {
    resolver,
    parts: partsNow,
    httpPort,
    tlsPort,
    async nameServer(host, ...zones) {
      const server = await NameServer.start(host, authorityPort);
      server.zones.push(...zones);
      closing.push(() => server.stop());
      return server;
    },
    async web(host, listener) {
      const server = createServer(listener).listen(httpPort, host);
      await once(server, 'listening');
      closing.push(() => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      });
    },
    async check(name, given = {}, more = {}) {
      const parts = partsNow();
      const own = { zones: new Map(), ownValues: new Set<string>(), deep: null, ...more };
      const findings = await checkName(subjectFor(name, given), parts, own);
      return [...findings, ...parts.machine.found];
    },
    async stop() {
      await Promise.all(closing.map((close) => close()));
    },
  };
}

/** A name that is proven by http-01 at a CA of one's own, unless it is said otherwise. */
export function subjectFor(name: string, given: Partial<Subject> = {}): Subject {
  const isWildcard = name.startsWith('*.');
  return {
    name,
    base: name.replace(/^\*\./, ''),
    type: /^[0-9.]+$|:/.test(name) ? 'ip' : 'dns',
    isWildcard,
    challenge: isWildcard ? 'dns-01' : 'http-01',
    settings: null,
    authority: authorityOf('https://ca.example/directory'),
    caaIdentities: [identity],
    accountUrl,
    ...given,
  };
}

export function codesOf(findings: readonly Found[]): string[] {
  return findings.map(({ code }) => code);
}
