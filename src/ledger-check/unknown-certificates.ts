import { timeText } from '../clock.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readStored, type StoredCertificate } from '../certificates/store.ts';
import { storedState } from '../certificates/stored-state.ts';
import { solverWithoutOptions } from '../challenges/solver-choice.ts';
import { parseProof, type Proof } from '../challenges/proof/proof.ts';
import { proofCommandLine } from '../challenges/proof/proof-words.ts';
import { assertProvable } from '../challenges/proof/provable.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { certificatesByName, listCertificates } from '../ledger/certificates/certificates.ts';
import type { Finding } from '../ledger/check/finding.ts';
import { findingsMax } from '../ledger/check/finding.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { shellWord, shellWords } from '../shell-word.ts';
import type { FileCheck } from './file-checks.ts';

/**
 * Certificates on disk of which the ledger has never heard: it is older than they are, and nobody renews them.
 * @param globalOptions what leads to this ledger, for a command to paste
 */
export async function unknownCertificateFindings(
  check: FileCheck,
  globalOptions: readonly string[],
): Promise<Finding[]> {
  const names = await readdir(join(check.stateDir, 'certificates')).catch(() => []);
  const known = await certificatesByName(check.ledger, names);
  const unknown = names.filter((name) => !known.has(name)).sort();
  if (unknown.length === 0) return [];
  const others = await listCertificates(check.ledger);
  const findings: Finding[] = [];
  for (const name of unknown) {
    if (findings.length >= findingsMax) break;
    const finding = await findingOf(check, name, { others, globalOptions });
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

interface Surroundings {
  others: readonly CertificateRow[];
  globalOptions: readonly string[];
}

/** Null for what isn't a certificate. */
async function findingOf(
  { stateDir, now }: FileCheck,
  name: string,
  surroundings: Surroundings,
): Promise<Finding | null> {
  try {
    const state = await storedState(stateDir, name);
    const stored = await readStored(stateDir, name);
    if (state.state !== 'there' || stored === null) return null;
    const found = { code: 'certificate-files-unknown', level: 'error', table: null, id: null } as const;
    const shown = `the certificate ${printable(name)} (${stored.names.map(printable).join(' ')}) is on disk, valid until ${timeText(stored.notAfter)}`;
    const message = `${shown}, and the ledger has never heard of it: it is older than the certificate, and nobody renews it`;
    if (stored.notAfter <= now) {
      const folders = ['certificates', 'certificate-versions'].map((kind) => join(stateDir, kind, name));
      const hint = `it has ended: rm -r ${shellWords(folders)}`;
      return { ...found, message, hint };
    }
    return { ...found, message, hint: adoptingHint(stored, state.keyFits !== null, surroundings) };
  } catch {
    return null; // such as what a store that was killed left there
  }
}

/** To be pasted as it is. */
function adoptingHint(
  stored: StoredCertificate,
  hasKey: boolean,
  { others, globalOptions }: Surroundings,
): string {
  const model = modelFor(stored.names, others);
  const solving = model === null ? null : proofCommandLine(model.proof);
  const words = ['acme-ledger', 'cert', 'add', '--cert-name', stored.name, ...globalOptions];
  if (stored.keyType !== null && hasKey) words.push('--key-type', stored.keyType);
  if (model !== null) {
    words.push('--ca', model.ca, ...(solving?.words ?? []));
    if (model.deployHook !== null) words.push('--deploy-hook', model.deployHook);
  } else if (stored.names.every((name) => !name.startsWith('*.'))) {
    const solver = solverWithoutOptions();
    if (solver !== null) words.push('--solver', solver.name);
  }
  const directory = solving?.directory ?? null;
  const from = directory === null ? '' : `cd ${shellWord(printable(directory))} && `;
  const command = `${from}${shellWords([...words, ...stored.names].map(printable))}`;
  if (!hasKey) return `its key isn't here: name the CSR that it was made for: ${command} --csr FILE`;
  if (model === null)
    return `look whether its names are proven this way, then make it known again: ${command}`;
  return `as ${printable(model.name)} has it; make it known again: ${command}`;
}

interface Model {
  name: string;
  ca: string;
  proof: Proof;
  deployHook: string | null;
}

/** The certificate whose CA, way of proving and hook most others share, of those whose way these names can be proven in. */
function modelFor(names: readonly string[], others: readonly CertificateRow[]): Model | null {
  const groups = new Map<string, { count: number; row: CertificateRow }>();
  for (const row of others) {
    const key = JSON.stringify([row.ca, row.settings, row.deploy_hook]);
    groups.set(key, { count: (groups.get(key)?.count ?? 0) + 1, row });
  }
  const usual = [...groups.values()].sort((one, other) => other.count - one.count);
  for (const { row } of usual) {
    const proof = proofFor(row, names);
    if (proof !== null) return { name: row.name, ca: row.ca, proof, deployHook: row.deploy_hook };
  }
  return null;
}

/** What is set apart for names of that certificate isn't said of others. */
function proofFor(row: CertificateRow, names: readonly string[]): Proof | null {
  try {
    const proof = { usual: parseProof(row.settings).usual, solverFor: {} };
    assertProvable(proof, names.map(parseName), null);
    return proof;
  } catch (error) {
    if (error instanceof AcmeLedgerError) return null;
    throw error;
  }
}
