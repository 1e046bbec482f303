import { type Installation, newInstallation } from './installation.ts';
import { type PebbleLab, startPebble } from './pebble.ts';
import { type AcmeProxy, startProxy } from './proxy.ts';
import { type WebrootServer, serveWebroot } from './webroot-server.ts';

interface Ca {
  lab: PebbleLab;
  proxy: AcmeProxy;
  webServer: WebrootServer;
}

/** Two CAs, of which one acts as the staging of the other, and the program as one person has it at the other. */
export interface StagingPair {
  production: Ca;
  staging: Ca;
  here: Installation;
  stop(): Promise<void>;
}

export async function startStagingPair(): Promise<StagingPair> {
  const labs = await Promise.all([
    startPebble({ env: { PEBBLE_AUTHZREUSE: '100' } }),
    startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } }),
  ]);
  const proxies = await Promise.all(labs.map(({ directoryUrl }) => startProxy({ directoryUrl })));
  const here = await newInstallation({ directoryUrl: proxies[0]!.directoryUrl, caFile: labs[0].caFile });
  const caOf = async (lab: PebbleLab, proxy: AcmeProxy): Promise<Ca> => ({
    lab,
    proxy,
    webServer: await serveWebroot(here.webroot, lab.httpPort),
  });
  const [production, staging] = [await caOf(labs[0], proxies[0]!), await caOf(labs[1], proxies[1]!)];
  return {
    production,
    staging,
    here,
    async stop() {
      for (const { lab, proxy, webServer } of [production, staging]) {
        await webServer.stop();
        await proxy.stop();
        await lab.stop();
      }
      await here.remove();
    },
  };
}
