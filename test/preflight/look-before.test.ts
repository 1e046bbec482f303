import { afterEach, beforeEach, expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import type { Log } from '../../src/log-and-stops.ts';
import { certainLook } from '../../src/preflight/before-order/look-before.ts';
import { parseServerAddress } from '../../src/system/socket-address.ts';
import { NameServer } from '../support/name-server.ts';
import { subjectFor } from './small-internet.ts';

let dns: NameServer;
let warnings: string[];
const warn = (_: object, message: string): void => void warnings.push(message);
const log: Log = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };

beforeEach(async () => {
  dns = await NameServer.start();
  warnings = [];
});
afterEach(() => dns.stop());

it('stops where the resolver drops questions for CAA records, and says so once', async () => {
  const resolver = parseServerAddress(dns.address, 53);
  const probe = { everyMs: 0, view: { resolver, httpPort: 80, tlsPort: 443 } };
  const look = certainLook({ probe }, 100);
  const faultsOf = async (name: string): Promise<string[]> => {
    const subject = subjectFor(name, { authority: authorityOf('letsencrypt') });
    return [...(await look([subject], { log, signal: new AbortController().signal })).keys()];
  };
  const caaAsked = (): number => dns.questions.filter((each) => each.startsWith('CAA')).length;
  dns.add({ type: 'A', name: 'here.test', data: '198.51.100.7' });
  dns.mood = ({ type, name }) => (type === 'CAA' && name !== 'here.test' ? 'silent' : null);

  await faultsOf('slow1.test');
  await faultsOf('slow2.test');
  // A name that is answered for in between: the names were slow, not the resolver.
  dns.mood = ({ name }) => (name.startsWith('slow') ? 'silent' : null);
  expect(await faultsOf('gone.test')).toEqual(['gone.test']);
  for (const name of ['slow3.test', 'slow4.test']) await faultsOf(name);
  expect(warnings).toEqual([]);
  await faultsOf('slow5.test');
  const asked = caaAsked();
  expect(await faultsOf('gone.test')).toEqual([]);
  await faultsOf('slow6.test');
  expect(caaAsked()).toBe(asked);
  expect(warnings).toEqual([
    "the DNS resolver doesn't answer in time: names are ordered without a look at them",
  ]);
});
