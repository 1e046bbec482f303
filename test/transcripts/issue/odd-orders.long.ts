import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeenRequest } from '../../support/acme-request.ts';
import type { Fault } from '../../support/fault.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

type Order = Record<string, unknown>;

/** The answer with other members; whatever `change` leaves out is gone. */
function order(change: (order: Order) => Order): Fault {
  return { type: 'change', body: (body) => JSON.stringify(change(JSON.parse(body) as Order)) };
}

const page: Fault = { type: 'change', body: () => '<html>It works!</html>' };
const withoutLocation: Fault = { type: 'change', headers: { location: undefined } };

function isOrder({ kind }: SeenRequest): boolean {
  return kind === 'newOrder' || kind === 'order';
}

async function stateOf(customer: Customer): Promise<string> {
  return Object.values(await customer.atCa()).join();
}

describe('what newOrder answered with a success never leaks', { concurrent: true, timeout: 180_000 }, () => {
  it.for([
    {
      what: 'an order with a status that no RFC has',
      fault: (request: SeenRequest) =>
        isOrder(request) ? order((one) => ({ ...one, status: 'queued' })) : undefined,
    },
    {
      what: 'an order that names something besides its authorizations',
      fault: (request: SeenRequest) =>
        isOrder(request)
          ? order((one) => ({ ...one, authorizations: [...(one['authorizations'] as string[]), null] }))
          : undefined,
    },
    {
      what: 'an order without a Location, at a CA whose list of orders fails',
      fault: ({ kind }: SeenRequest) =>
        kind === 'newOrder'
          ? withoutLocation
          : kind === 'orders'
            ? ({ type: 'answer', status: 500, body: {}, withNonce: true } as const)
            : undefined,
    },
  ])('$what fails, and its authorizations are closed at its end', async ({ fault }) => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(fault);
    expectExit(await customer.issue('odd.test'), 1);
    expect(customer.proxy.counts.newOrder).toBe(1);
    expect(await stateOf(customer)).toBe('deactivated');
    expect(await customer.listed('--status', 'pending')).toEqual([]);
  });

  it.for([
    { what: 'without a body that can be read', fault: page },
    { what: 'without a Location', fault: withoutLocation },
    { what: 'as 202', fault: { type: 'change', status: 202 } as const },
  ])('an order $what is looked for and gone on with', async ({ fault }) => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) => (kind === 'newOrder' ? fault : undefined));
    expectExit(await customer.issue('odd.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 1, deactivate: 0 });
  });

  it('an order of which nothing can be read stays counted, until a clean-up finds it at the CA', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault((request) => (isOrder(request) ? page : undefined));
    const issue = await customer.issue('odd.test');
    expectExit(issue, 1);
    expect(issue.stderr).toMatch(/order that the CA sent/);
    const status = await customer.run(['status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ accounts: [{ gate: { reserved: 1 } }] });
    expectExit(await customer.run(['ledger', 'check']), 0);
    customer.proxy.setFault();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await stateOf(customer)).toBe('deactivated');
  });
});

describe('an order that a CA shows in its own way', { concurrent: true, timeout: 180_000 }, () => {
  it('without a finalize URL until it is ready is finalized then', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault((request) =>
      isOrder(request)
        ? order(({ finalize, ...one }) => (one['status'] === 'pending' ? one : { ...one, finalize }))
        : undefined,
    );
    expectExit(await customer.issue('late.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 1, finalize: 1, deactivate: 0 });
  });

  it('valid, and without its certificate in the answer to finalize, is looked at again', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'finalize' ? order((one) => ({ ...one, status: 'valid' })) : undefined,
    );
    expectExit(await customer.issue('soon.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 1, finalize: 1 });
  });

  it('valid, and without its certificate at the first looks, is looked at again', async () => {
    const customer = await lab.newCustomer();
    let looks = 0;
    customer.proxy.setFault(({ kind }) =>
      kind === 'order'
        ? order(({ certificate, ...one }) => {
            if (certificate === undefined) return one;
            looks += 1;
            return looks > 2 ? { ...one, certificate } : one;
          })
        : undefined,
    );
    expectExit(await customer.issue('soon.test'), 0);
    expect(looks).toBe(3);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 1, finalize: 1 });
  });
});
