import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RequestKind, SeenRequest } from '../support/acme-request.ts';
import type { Finding } from './audit-finding.ts';

/** What the auditor reads of a customer. */
export interface Ledger {
  stateDir: string;
  rows<Row>(sql: string, ...values: unknown[]): Row[];
}

interface OrderRow {
  id: number;
  run_id: string | null;
  finalize_sent_at: string | null;
}

/** Looks into the ledger whenever a request arrives that spends or ends something: is it written down, and whose is it? */
export class ArrivalAudit {
  readonly findings: Finding[] = [];
  private readonly pids = new Map<string, number>();
  private readonly ledger: Ledger;
  private readonly maxPending: number;

  constructor(ledger: Ledger, maxPending: number) {
    this.ledger = ledger;
    this.maxPending = maxPending;
  }

  /** From now on requests of this role are of that process. */
  begin(role: string, pid: number): void {
    this.pids.set(role, pid);
  }

  /** From now on no process of this role lives. */
  end(role: string): void {
    this.pids.delete(role);
  }

  take(role: string, request: SeenRequest): void {
    const look = this.looks[request.kind];
    if (look === undefined || !this.pids.has(role)) return;
    const label = `${role}'s ${request.kind} of ${subjectOf(request)}`;
    look(request, label, this.runOf(role) ?? 'no run');
  }

  private readonly looks: Partial<
    Record<RequestKind, (request: SeenRequest, label: string, run: string) => void>
  > = {
    newOrder: (request, label, run) => {
      const orders = this.ledger.rows<OrderRow>(
        `select id, run_id, finalize_sent_at from orders where names_key = ? and status = 'intent' and reserved > 0`,
        namesOf(request).join(' '),
      );
      if (orders.length === 0) this.add('write-ahead', `${label}: no intent is written`);
      else if (!orders.some(({ run_id }) => run_id === run))
        this.add('owner', `${label}: another run's intent`);
      this.lookAtGate(label);
    },
    challenge: (request, label, run) => {
      const [row] = this.authorizations(`challenge_url = ?`, request.url);
      if (row === undefined || !['submitting', 'submitted'].includes(row.challenge))
        this.add('write-ahead', `${label}: in the ledger it is ${row?.challenge ?? 'unknown'}`);
      else this.lookAtOwner(row, label, run);
    },
    deactivate: (request, label, run) => {
      const [row] = this.authorizations(`url = ?`, request.url);
      if (row === undefined) this.add('write-ahead', `${label}: the ledger doesn't know it`);
      else this.lookAtOwner(row, label, run);
    },
    finalize: (request, label, run) => {
      const [order] = this.ledger.rows<OrderRow>(
        `select id, run_id, finalize_sent_at from orders where finalize_url = ?`,
        request.url,
      );
      if ((order?.finalize_sent_at ?? null) === null || order === undefined)
        this.add('write-ahead', `${label}: it isn't written`);
      else if (order.run_id !== run)
        this.add('owner', `${label}: the order is ${order.run_id ?? "nobody's"}`);
      if (order !== undefined && !this.hasRequest(order.id, request))
        this.add('write-ahead', `${label}: its CSR and key aren't on disk`);
    },
  };

  private lookAtGate(label: string): void {
    const [open] = this.ledger.rows<{ n: number }>(
      `select (select count(*) from authorizations where status = 'pending' and source = 'order')
        + (select coalesce(sum(reserved), 0) from orders) as n`,
    );
    const count = open?.n ?? 0;
    if (count > this.maxPending) this.add('gate', `${label}: ${count} are open or reserved`);
  }

  /** Who submits or closes has the order or the claim, and no other living run has either. */
  private lookAtOwner(row: AuthorizationRow, label: string, run: string): void {
    const owners = this.ledger.rows<{ run_id: string | null }>(
      `select run_id from orders join order_authorizations on order_id = orders.id
       where authorization_id = ? and concluded_at is null and run_id is not null`,
      row.id,
    );
    const holders = [...owners.map(({ run_id }) => run_id), row.closing_run_id];
    if (!holders.includes(run)) this.add('owner', `${label}: it has neither the order nor the claim`);
    const others = holders.filter((one) => one !== null && one !== run && this.lives(one));
    if (others.length > 0) this.add('owner', `${label}: another living run has it`);
  }

  private authorizations(where: string, value: string): AuthorizationRow[] {
    return this.ledger.rows(`select id, challenge, closing_run_id from authorizations where ${where}`, value);
  }

  private hasRequest(orderId: number, { payload }: SeenRequest): boolean {
    const { csr = '' } = (payload ?? {}) as { csr?: string };
    try {
      const text = readFileSync(path.join(this.ledger.stateDir, `orders/${orderId}.pem`), 'utf8');
      const own = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END/.exec(text)?.[1] ?? '';
      return Buffer.from(own, 'base64').equals(Buffer.from(csr, 'base64url')) && text.includes('PRIVATE KEY');
    } catch {
      return false;
    }
  }

  private runOf(role: string): string | undefined {
    const pid = this.pids.get(role) ?? 0;
    const [row] = this.ledger.rows<{ id: string }>(
      'select id from runs where pid = ? and ended_at is null order by started_at desc',
      pid,
    );
    return row?.id;
  }

  private lives(run: string): boolean {
    const [row] = this.ledger.rows<{ pid: number }>(
      'select pid from runs where id = ? and ended_at is null',
      run,
    );
    return row !== undefined && [...this.pids.values()].includes(row.pid);
  }

  private add(promise: Finding['promise'], text: string): void {
    this.findings.push({ promise, text });
  }
}

interface AuthorizationRow {
  id: number;
  challenge: string;
  closing_run_id: string | null;
}

/** Sorted, as `orders.names_key` has them. */
function namesOf({ payload }: SeenRequest): string[] {
  const { identifiers = [] } = (payload ?? {}) as { identifiers?: { value: string }[] };
  return identifiers.map(({ value }) => value).sort();
}

function subjectOf(request: SeenRequest): string {
  return request.kind === 'newOrder' ? namesOf(request).join(', ') : new URL(request.url).pathname;
}
