import { describe, expect, it } from 'vitest';
import { answerError } from '../../../src/acme/objects/problems.ts';
import { later } from '../../../src/clock.ts';
import type { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { endOverridden, heldError, holdAgainst, noteHold } from '../../../src/issuance/limits/holds.ts';
import { plannedHolds } from '../../../src/issuance/limits/planned-holds.ts';
import type { Asked } from '../../../src/issuance/limits/announced-limit.ts';
import { holdsOf } from '../../../src/ledger/limits/holds.ts';
import { certificateRow } from '../rows.ts';
import { type SpendingWorld, newSpendingWorld } from '../spending-world.ts';

const day = 86_400_000;
const hour = 3_600_000;
const docs = 'see https://letsencrypt.org/docs/rate-limits/';

/** The CA refuses an order for these names for a limit of it. @returns the error that is told */
async function refused(
  world: SpendingWorld,
  names: readonly string[],
  detail: string,
  headers: Record<string, string> = { 'retry-after': '43000' },
): Promise<AcmeLedgerError> {
  const data = { type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429 };
  const error = answerError({ status: 429, headers, data }, 'to make the order', world.clock.now());
  return (await noteHold(world, world.account.id, newOrder(names), error)) ?? error;
}

function newOrder(names: readonly string[], replaces: string | null = null): Asked {
  return { kind: 'newOrder', identifiers: parseNames(names), replaces };
}

/** The limit that holds an order for these names; null when it may be asked for. */
async function held(
  world: SpendingWorld,
  names: readonly string[],
  replaces?: string,
): Promise<string | null> {
  return (await holdAgainst(world, world.account.id, newOrder(names, replaces)))?.limit_name ?? null;
}

async function issue(world: SpendingWorld, ...names: string[]): Promise<void> {
  const { order } = await world.intend(names);
  await world.issued(await world.answered(order));
}

const newOrders = `too many new orders (300) from this account in the last 3h0m0s, retry after T: ${docs}#new-orders-per-account`;
const perDomain = `too many certificates (50) already issued for "a.test" in the last 168h0m0s, retry after T: ${docs}#new-certificates-per-registered-domain`;
const perSet = `too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after T: ${docs}#new-certificates-per-exact-set-of-identifiers`;

describe('a limit of the CA that is used up', () => {
  it.each([
    ['new orders', newOrders],
    ['a domain', perDomain],
  ])('of %s does not hold a renewal of exactly the same names', async (_limit, detail) => {
    const world = await newSpendingWorld();
    await issue(world, 'old.a.test');
    await refused(world, ['new.a.test'], detail);
    expect(await held(world, ['new.a.test'])).not.toBeNull();
    expect(await held(world, ['old.a.test'])).toBeNull();
    expect(await held(world, ['old.a.test', 'new.a.test'])).not.toBeNull();
    const plan = await plannedHolds(
      world.ledger,
      world.account.id,
      ['old.a.test', 'new.a.test'].map((name) => ({ certificate: { name, profile: '' }, names: [name] })),
      { now: world.clock.now(), waitMs: 0 },
    );
    expect([...plan.keys()]).toEqual(['new.a.test']);
  });

  it('of an exact set holds its renewal, unless that replaces a certificate in its window', async () => {
    const world = await newSpendingWorld();
    await issue(world, 'old.a.test');
    await refused(world, ['old.a.test'], perSet);
    expect(await held(world, ['old.a.test'])).not.toBeNull();
    const now = world.clock.now();
    const row = certificateRow({
      name: 'old',
      ari_id: 'aki.serial',
      ari_window_start: later(now, -hour),
      ari_window_end: later(now, hour),
      ari_renew_at: now,
    });
    await world.ledger
      .insertInto('certificates')
      .values({ ...row, order_id: null, account_id: null })
      .execute();
    expect(await held(world, ['old.a.test'], 'aki.serial')).toBeNull();
    expect(await held(world, ['old.a.test'], 'another')).not.toBeNull();
  });

  it('holds renewals, too, once the CA has refused one for it', async () => {
    const world = await newSpendingWorld();
    await issue(world, 'old.a.test');
    await issue(world, 'older.a.test');
    await refused(world, ['old.a.test'], newOrders);
    expect(await held(world, ['older.a.test'])).toBe('new-orders-per-account-renewals-too');
  });

  it('that has no name of Boulder’s holds everybody', async () => {
    const world = await newSpendingWorld();
    await issue(world, 'old.a.test');
    await refused(world, ['new.a.test'], 'slow down');
    expect(await held(world, ['old.a.test'])).toBe('new-orders');
  });
});

describe('a hold', () => {
  it('is one moment with what is told, whether the CA said it, said it of the past, or said nothing', async () => {
    for (const headers of [
      { 'retry-after': '725' },
      { 'retry-after': 'Sun, 01 Mar 2015 13:00:00 GMT' },
      {},
    ]) {
      const world = await newSpendingWorld();
      const error = await refused(world, ['a.test'], 'slow down', headers);
      const [hold] = await holdsOf(world.ledger, world.account.id, world.clock.now());
      expect(error.retryAt).toEqual(hold!.not_before);
      expect(error.retryAt! > world.clock.now()).toBe(true);
      expect(heldError(hold!).retryAt).toEqual(error.retryAt);
      expect(error.hint ?? '').not.toMatch(/ten minutes|20\d\d-/);
      // No words of a Retry-After that wasn't sent.
      expect(heldError(hold!).message.includes('not to be asked before')).toBe('retry-after' in headers);
    }
  });

  it('gives way to a certificate that has a tenth of its life left, and the next answer counts for all', async () => {
    const world = await newSpendingWorld();
    await refused(world, ['a.test'], newOrders);
    const noted = world.clock.now();
    const life = { begin: later(noted, -85 * day), end: later(noted, 5 * day) };
    const against = () => holdAgainst(world, world.account.id, newOrder(['b.test']), { life });
    expect((await against())?.not_before).toEqual(later(noted, 43_000_000));
    const urgent = { begin: later(noted, -6 * day + 10 * hour), end: later(noted, 10 * hour) };
    const soon = await holdAgainst(world, world.account.id, newOrder(['b.test']), { life: urgent });
    expect(soon?.not_before).toEqual(later(noted, hour));
    world.clock.pass(hour);
    expect(await holdAgainst(world, world.account.id, newOrder(['b.test']), { life: urgent })).toBeNull();
    await refused(world, ['b.test'], newOrders);
    expect(await holdAgainst(world, world.account.id, newOrder(['c.test']), { life: urgent })).not.toBeNull();
  });

  it('noted before a person asks all the same binds that run no more, and ends with an order; a later one binds it', async () => {
    const world = await newSpendingWorld();
    await refused(world, ['a.test'], newOrders);
    const person = { ...world, overridesHoldsUntil: world.clock.now() };
    const heeding = { overriddenUntil: person.overridesHoldsUntil };
    const asked = newOrder(['b.test']);
    expect(await holdAgainst(world, world.account.id, asked, heeding)).toBeNull();
    expect(await held(world, ['b.test'])).not.toBeNull();
    world.clock.pass(1_000);
    await refused(world, ['b.test'], newOrders);
    expect(await holdAgainst(world, world.account.id, asked, heeding)).not.toBeNull();
    await endOverridden(person, world.account.id, asked, []);
    expect(await held(world, ['b.test'])).not.toBeNull();
    await endOverridden({ ...world, overridesHoldsUntil: world.clock.now() }, world.account.id, asked, []);
    expect(await held(world, ['b.test'])).toBeNull();
  });

  it.each([
    ['new orders', newOrders, 5, (count: number) => `n${count}.test`],
    ['a domain', perDomain, 2, (count: number) => `n${count}.a.test`],
    ['a set of names', perSet, 1, () => 'one.a.test'],
  ])(
    'on %s ends with its count when the CA makes an order that a person had it asked for',
    async (_limit, detail, left, nameOf) => {
      const world = await newSpendingWorld();
      await refused(world, ['one.a.test'], detail);
      expect((await world.against([nameOf(0)]))?.[1]).toBeGreaterThan(hour / 1000);
      const person = { ...world, overridesHoldsUntil: world.clock.now() };
      world.clock.pass(1_000);
      const { order, charges } = await world.intend(['one.a.test']);
      await endOverridden(person, world.account.id, newOrder(['one.a.test']), charges);
      await world.issued(await world.answered(order));
      expect(await held(world, [nameOf(0)])).toBeNull();
      // What that order took is counted, and what others take from now on.
      for (let count = 0; count < left; count += 1) {
        expect(await world.against([nameOf(count)])).toBeNull();
        await issue(world, nameOf(count));
      }
      expect(await world.against([nameOf(left)])).not.toBeNull();
    },
  );

  it('leaves counts alone that the CA has not spoken of when a person has it asked', async () => {
    const world = await newSpendingWorld();
    for (const name of ['x.b.test', 'y.b.test', 'z.b.test']) await issue(world, name);
    const before = await world.against(['u.b.test']);
    expect(before?.[0]).toBe('certificates-per-domain');
    await refused(world, ['one.a.test'], newOrders);
    const person = { ...world, overridesHoldsUntil: world.clock.now() };
    const { charges } = await world.intend(['one.a.test']);
    await endOverridden(person, world.account.id, newOrder(['one.a.test']), charges);
    expect(await world.against(['u.b.test'])).toEqual(before);
  });

  it('names the command with which a person asks all the same, but for a pause', async () => {
    const world = await newSpendingWorld();
    await refused(world, ['a.test'], newOrders);
    const [hold] = await holdsOf(world.ledger, world.account.id, world.clock.now());
    const hintFor = (names: string[], certificateName: string) =>
      heldError(hold!, { order: { names, certificateName } }).hint;
    expect(hintFor(['a.test', '*.a.test'], 'a.test')).toContain(
      "acme-ledger issue a.test '*.a.test' --now asks",
    );
    expect(hintFor(['a.test'], 'shop')).toContain('acme-ledger issue a.test --cert-name shop --now asks');
    expect(hintFor(['1', '2', '3', '4', '5', '6'], '1')).toContain(
      'acme-ledger issue with its names and --now',
    );
    expect(heldError(hold!).hint).not.toContain('--now');
  });

  it('of a clock that was ten years ahead counts as passed', async () => {
    const world = await newSpendingWorld();
    world.clock.pass(3650 * day);
    await refused(world, ['a.test'], newOrders);
    world.clock.pass(-3650 * day);
    expect(await held(world, ['a.test'])).toBeNull();
  });
});

describe('an account that the CA calls full', () => {
  const full = 'Error creating new order :: too many currently pending authorizations';

  it('may order again as soon as one of its authorizations is closed, whatever the CA asked to wait', async () => {
    const world = await newSpendingWorld();
    const { order } = await world.intend(['open.test']);
    const placed = await world.answered(order);
    await refused(world, ['new.test'], full, { 'retry-after': '3600' });
    expect(await held(world, ['new.test'])).toBe('pending-authorizations');
    await world.verdict(placed, 'open.test', 'deactivated');
    expect(await held(world, ['new.test'])).toBeNull();
  });

  it('may order again when one of them has expired', async () => {
    const world = await newSpendingWorld();
    const { order } = await world.intend(['open.test']);
    await world.answered(order);
    const soon = later(world.clock.now(), 60_000);
    await world.ledger.updateTable('authorizations').set({ expires_at: soon }).execute();
    await refused(world, ['new.test'], full, { 'retry-after': '3600' });
    expect(await held(world, ['new.test'])).toBe('pending-authorizations');
    world.clock.pass(60_000);
    expect(await held(world, ['new.test'])).toBeNull();
  });

  it('is told how to find what is open', async () => {
    const world = await newSpendingWorld();
    const error = await refused(world, ['new.test'], full);
    for (const command of [
      'authz clear',
      'authz discover',
      'authz clear --from-log LOG',
      '--import-accounts CLIENT',
    ])
      expect(error.hint).toContain(command);
  });

  it('is held for any other limit until its time', async () => {
    const world = await newSpendingWorld();
    const { order } = await world.intend(['open.test']);
    const placed = await world.answered(order);
    await refused(world, ['new.test'], newOrders);
    await world.verdict(placed, 'open.test', 'deactivated');
    expect(await held(world, ['new.test'])).not.toBeNull();
  });
});
