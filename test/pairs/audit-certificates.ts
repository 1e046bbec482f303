import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { faultsOf } from '../support/openssl.ts';
import type { Ledger } from './audit-arrival.ts';
import type { Finding } from './audit-finding.ts';
import type { IssuedCertificate } from './audit-wire.ts';

/** What a command said of a certificate. */
export interface Report {
  who: string;
  name: string;
}

interface CertificateRow {
  name: string;
  names: string;
  serial: string | null;
  removed_at: string | null;
  revoked_at: string | null;
  deployed_at: string | null;
}

interface Stored {
  serial: string;
  names: string;
}

/** The certificates of a customer: by openssl, by the ledger's table, and by what the CA has handed out. */
export class CertificateAudit {
  private readonly ledger: Ledger;
  private readonly rootPem: string;
  private readonly issued: readonly (IssuedCertificate & { serial: string })[];

  constructor(ledger: Ledger, rootPem: string, issued: readonly IssuedCertificate[]) {
    this.ledger = ledger;
    this.rootPem = rootPem;
    this.issued = issued.map((one) => ({ ...one, serial: serialOf(one.pem) }));
  }

  /** When both have ended: what stands is whole, is what the ledger says, and is the newest that was reported. */
  async afterBoth(reports: readonly Report[]): Promise<Finding[]> {
    const texts: string[] = [];
    for (const row of this.wanted(true)) {
      const stored = this.stored(row.name);
      if (stored === null) {
        if (row.serial !== null) texts.push(`${row.name}: the ledger has one, on disk is none`);
        continue;
      }
      texts.push(...(await this.faults(row.name, stored)));
      if (row.serial !== stored.serial)
        texts.push(`${row.name}: on disk is ${stored.serial}, in the ledger ${row.serial ?? 'none'}`);
      texts.push(...this.olderThanReported(row, stored, reports));
    }
    return texts.map((text) => ({ promise: 'certificate', text }));
  }

  /** In the end: what is wanted stands, new, and is deployed. @param revoked the serial number of one that was revoked */
  async inTheEnd(before: string, revoked: string | null, deployed: readonly string[]): Promise<Finding[]> {
    const texts: string[] = [];
    for (const row of this.wanted(false)) {
      const names = (JSON.parse(row.names) as string[]).sort().join(' ');
      const stored = this.stored(row.name);
      if (stored === null) {
        texts.push(`${row.name} is wanted, and there is none`);
        continue;
      }
      texts.push(...(await this.faults(row.name, stored)));
      if (stored.names !== names) texts.push(`${row.name} is for ${stored.names}, wanted for ${names}`);
      if (stored.serial === before) texts.push(`${row.name}: the old one still stands`);
      if (stored.serial === revoked) texts.push(`${row.name}: the revoked one still stands`);
      if (row.revoked_at !== null) texts.push(`${row.name}: the ledger says revoked of ${stored.serial}`);
      const last = deployed.filter((line) => line.startsWith(`${row.name} `)).at(-1);
      if (row.deployed_at === null) texts.push(`${row.name} isn't deployed`);
      else if (last !== undefined && last !== `${row.name} ${stored.serial}`)
        texts.push(`${row.name}: deployed last is ${last}, stored ${stored.serial}`);
    }
    return texts.map((text) => ({ promise: 'certificate', text }));
  }

  /** What is on disk under a name. */
  stored(name: string): Stored | null {
    const file = path.join(this.directory(name), 'cert.pem');
    if (!existsSync(file)) return null;
    const pem = readFileSync(file, 'utf8');
    return { serial: serialOf(pem), names: namesOf(pem) };
  }

  /** One that was reported as issued stands, unless a newer one took its place, or other names are wanted by now. */
  private olderThanReported(row: CertificateRow, stored: Stored, reports: readonly Report[]): string[] {
    const reporters = new Set(reports.filter(({ name }) => name === row.name).map(({ who }) => who));
    const wanted = (JSON.parse(row.names) as string[]).sort().join(' ');
    const place = this.issued.find(({ serial }) => serial === stored.serial)?.place ?? 0;
    return this.issued
      .filter((one) => reporters.has(one.who) && one.names === wanted && one.place > place)
      .map((one) => `${row.name}: ${one.who} reported ${one.serial} as issued; ${stored.serial} stands`);
  }

  private async faults(name: string, { names }: Stored): Promise<string[]> {
    const files = { directory: this.directory(name), names: names.split(' '), rootPem: this.rootPem };
    return (await faultsOf(files)).map((fault) => `${name}: ${fault}`);
  }

  private wanted(withRemoved: boolean): CertificateRow[] {
    const where = withRemoved ? '' : 'where removed_at is null';
    return this.ledger.rows(
      `select name, names, serial, removed_at, revoked_at, deployed_at from certificates ${where}`,
    );
  }

  private directory(name: string): string {
    return path.join(this.ledger.stateDir, 'certificates', name);
  }
}

function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber.toLowerCase();
}

function namesOf(pem: string): string {
  const { subjectAltName = '' } = new X509Certificate(pem);
  return subjectAltName
    .split(', ')
    .map((name) => name.replace(/^DNS:/, ''))
    .sort()
    .join(' ');
}
