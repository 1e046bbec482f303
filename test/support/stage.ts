import { type Installation, newInstallation } from './installation.ts';
import { type PebbleLab, startPebble } from './pebble.ts';
import type { PebbleOptions } from './pebble-configuration.ts';
import { type AcmeProxy, startProxy } from './proxy.ts';
import { serveWebroot } from './webroot-server.ts';

/** Pebble, and the proxy by which the program reaches it. */
export interface ProxiedCa {
  lab: PebbleLab;
  proxy: AcmeProxy;
  stop(): Promise<void>;
}

export async function startProxiedCa(options: PebbleOptions = {}): Promise<ProxiedCa> {
  const lab = await startPebble(options);
  const proxy = await startProxy({ directoryUrl: lab.directoryUrl });
  return {
    lab,
    proxy,
    async stop() {
      await proxy.stop();
      await lab.stop();
    },
  };
}

/** The program as one person has it, and a web server that shows that person's webroot to the CA. */
export interface Site {
  here: Installation;
  remove(): Promise<void>;
}

export async function newSite({ lab, proxy }: Pick<ProxiedCa, 'lab' | 'proxy'>): Promise<Site> {
  const here = await newInstallation({ directoryUrl: proxy.directoryUrl, caFile: lab.caFile });
  const webServer = await serveWebroot(here.webroot, lab.httpPort);
  return {
    here,
    async remove() {
      await webServer.stop();
      await here.remove();
    },
  };
}

/** Both, for tests that share one installation. */
export type Stage = ProxiedCa & Pick<Site, 'here'>;

export async function startStage(options: PebbleOptions = {}): Promise<Stage> {
  const ca = await startProxiedCa(options);
  const site = await newSite(ca);
  return {
    ...ca,
    here: site.here,
    async stop() {
      await site.remove();
      await ca.stop();
    },
  };
}
