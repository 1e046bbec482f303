import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Answer } from '../https-request.ts';
import { type LabAccount, registerAccount } from '../lab-account.ts';
import { type PebbleLab, startPebble } from '../pebble.ts';
import { type AcmeProxy, startProxy } from '../proxy.ts';
import { type WebrootServer, serveWebroot } from '../webroot-server.ts';
import { type Workspace, newWorkspace } from '../workspace.ts';
import { type Boulder, type BoulderOptions, boulder } from './boulder.ts';

/** A Pebble for a file of tests, whose rules each test chooses. */
export interface BoulderStage {
  pebble: PebbleLab;
  /** New for each test, and so is the account. */
  proxy: AcmeProxy;
  account: LabAccount;
  /** Where Pebble looks for the answers of every name. */
  webroot: string;
  /** From now on the CA conducts itself like this. */
  use(options: BoulderOptions): Boulder;
  newOrder(...names: string[]): Promise<Answer>;
  anotherAccount(): Promise<LabAccount>;
}

/** Sets the stage up and takes it down. */
export function boulderStage(): BoulderStage {
  let [workspace, webServer]: [Workspace?, WebrootServer?] = [];
  const stage = {} as BoulderStage;
  beforeAll(async () => {
    stage.pebble = await startPebble();
    workspace = await newWorkspace();
    stage.webroot = workspace.webroot;
    webServer = await serveWebroot(stage.webroot, stage.pebble.httpPort);
  });
  afterAll(async () => {
    await webServer?.stop();
    await workspace?.remove();
    await stage.pebble.stop();
  });
  beforeEach(async () => {
    stage.proxy = await startProxy({ directoryUrl: stage.pebble.directoryUrl });
    stage.account = await stage.anotherAccount();
    return () => stage.proxy.stop();
  });
  return Object.assign(stage, {
    use(options: BoulderOptions) {
      const ca = boulder(options);
      stage.proxy.setRules(ca.rules);
      return ca;
    },
    newOrder: (...names: string[]) =>
      stage.account.newOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) }),
    anotherAccount: () =>
      registerAccount({ directoryUrl: stage.proxy.directoryUrl, caPem: stage.pebble.caPem }),
  });
}

/** A problem document, its type without the part that all share. */
export function problemOf({ body }: Answer): { type: string; status: number; detail: string } {
  const { type, ...rest } = JSON.parse(body) as { type: string; status: number; detail: string };
  return { ...rest, type: type.replace('urn:ietf:params:acme:error:', '') };
}
