import { randomNumbers } from '../../test/support/misbehaviour/random-faults.ts';

/** What one certificate is for. */
export interface FleetSite {
  /** Of the certificate: its first name. */
  name: string;
  names: string[];
  /** Those that can be proven. */
  healthy: string[];
}

export interface FleetSites {
  sites: FleetSite[];
  /** Names that can't be proven, and those whose proof takes seconds. */
  dead: Set<string>;
  slow: Set<string>;
}

const sitesPerDomain = 20;
// 5 %: one in twenty.
const oneIn = 20;

/** Sites of one to three names, twenty of them below each registered domain; one name in twenty is dead, and one slow. */
export function fleetSites(count: number, seed: number): FleetSites {
  const random = randomNumbers(seed);
  const [dead, slow] = [new Set<string>(), new Set<string>()];
  let nameCount = 0;
  const sites = Array.from({ length: count }, (_, index) => {
    const name = `s${index}.d${Math.floor(index / sitesPerDomain)}.test`;
    const names = [name, `www.${name}`, `shop.${name}`].slice(0, 1 + Math.floor(random() * 3));
    for (const each of names) {
      const place = nameCount++ % oneIn;
      if (place === 4) dead.add(each);
      if (place === 14) slow.add(each);
    }
    return { name, names, healthy: names.filter((each) => !dead.has(each)) };
  });
  return { sites, dead, slow };
}
