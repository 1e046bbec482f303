import { join } from 'node:path';
import type { Authority } from '../acme/authorities/authorities.ts';
import { lastDirectory } from '../acme/directory-cache.ts';
import { accountAt } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type Found, found } from './finding.ts';
import type { KnownOfCa } from './subject.ts';

/** What is known of CAs without asking them, each looked up once. */
export class KnownAuthorities {
  readonly #context: CommandContext;
  readonly #ledger: Ledger;
  readonly #known = new Map<string, KnownOfCa>();
  readonly assumed: Found[] = [];

  constructor(context: CommandContext, ledger: Ledger) {
    this.#context = context;
    this.#ledger = ledger;
  }

  async known(authority: Authority): Promise<KnownOfCa> {
    const { directoryUrl } = authority;
    const known = this.#known.get(directoryUrl) ?? {
      authority,
      caaIdentities: await this.#identitiesOf(authority),
      accountUrl: (await accountAt(this.#ledger, directoryUrl))?.url ?? null,
    };
    this.#known.set(directoryUrl, known);
    return known;
  }

  async #identitiesOf(authority: Authority): Promise<readonly string[]> {
    const cache = join(this.#context.settings.stateDir, 'cache');
    const directory = await lastDirectory(cache, authority.directoryUrl);
    const told = directory?.meta.caaIdentities.map((each) => each.toLowerCase()) ?? [];
    if (told.length > 0) return told;
    const { label, caaIdentities } = authority;
    if (caaIdentities.length > 0) {
      const message = `the directory of ${label} was not read yet: its name in CAA records is taken to be ${caaIdentities.join(' or ')}`;
      this.assumed.push(found('assumed', message));
    }
    return caaIdentities;
  }
}
