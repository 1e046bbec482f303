import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface OpensslResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs openssl, which knows nothing of this project, to its end. */
export function openssl(...args: string[]): Promise<OpensslResult> {
  return new Promise((resolve, reject) => {
    execFile('openssl', args, { timeout: 60_000 }, (error, stdout, stderr) => {
      const exitCode = error?.code ?? (error === null ? 0 : null);
      if (typeof exitCode === 'number') resolve({ exitCode, stdout, stderr });
      else reject(new Error(`openssl ${args.join(' ')} can't be run`, { cause: error }));
    });
  });
}

/** A certificate that no CA issued, in PEM, for these names. @param key `ec:CURVE` or `rsa:BITS` */
export async function selfSigned(directory: string, names: readonly string[], key: string): Promise<string> {
  const [algorithm = '', size = ''] = key.split(':');
  const kind = algorithm === 'ec' ? ['ec', '-pkeyopt', `ec_paramgen_curve:${size}`] : [key];
  const out = path.join(directory, 'self-signed.pem');
  const alternative = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
  const made = await openssl(
    'req',
    '-x509',
    '-nodes',
    '-subj',
    '/CN=test',
    '-addext',
    alternative,
    '-newkey',
    ...kind,
    '-keyout',
    path.join(directory, 'self-signed.key'),
    '-out',
    out,
  );
  if (made.exitCode !== 0) throw new Error(made.stderr);
  return await readFile(out, 'utf8');
}

export interface IssuedFiles {
  /** `<state-dir>/certificates/<name>`. */
  directory: string;
  /** What the certificate must be for: these names and no others. */
  names: readonly string[];
  /** The root that the chain must lead to. */
  rootPem: string;
  /** False where a person gave the CSR, and keeps the key. */
  hasKey?: boolean;
}

/** What openssl and the file system find wrong with a stored certificate; empty when all is well. */
export async function faultsOf(files: IssuedFiles): Promise<string[]> {
  const faults = await Promise.all([
    fileFaults(files),
    chainFaults(files),
    nameFaults(files),
    files.hasKey === false ? [] : keyFaults(files),
  ]);
  return faults.flat();
}

async function fileFaults({ directory, hasKey = true }: IssuedFiles): Promise<string[]> {
  const faults: string[] = [];
  const expected = ['cert.pem', 'chain.pem', 'fullchain.pem', ...(hasKey ? ['privkey.pem'] : [])];
  const found = (await readdir(directory)).sort();
  if (found.join() !== expected.join()) faults.push(`files: ${found.join()}`);
  if (hasKey) faults.push(...(await modeFault(path.join(directory, 'privkey.pem'), 0o600)));
  // The certificate's own directory, the one that lists all of them, and the state directory.
  for (const one of [directory, path.dirname(directory), path.dirname(path.dirname(directory))])
    faults.push(...(await modeFault(one, 0o700)));
  const [cert, chain, fullchain] = await Promise.all(
    ['cert.pem', 'chain.pem', 'fullchain.pem'].map((name) => readFile(path.join(directory, name), 'utf8')),
  );
  if (fullchain !== `${cert}${chain}`) faults.push('fullchain.pem is not cert.pem and chain.pem');
  return faults;
}

async function modeFault(file: string, wanted: number): Promise<string[]> {
  const mode = (await stat(file)).mode & 0o777;
  return mode === wanted ? [] : [`${file} has mode ${mode.toString(8)}`];
}

async function chainFaults({ directory, rootPem }: IssuedFiles): Promise<string[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'acme-ledger-root-'));
  try {
    const root = path.join(scratch, 'root.pem');
    await writeFile(root, rootPem);
    const [chain, cert] = [path.join(directory, 'chain.pem'), path.join(directory, 'cert.pem')];
    const trust = ['-no-CApath', '-no-CAstore', '-CAfile', root, '-purpose', 'sslserver'];
    const verified = await openssl('verify', ...trust, '-untrusted', chain, cert);
    return verified.exitCode === 0 ? [] : [`openssl verify: ${verified.stdout}${verified.stderr}`];
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function nameFaults({ directory, names }: IssuedFiles): Promise<string[]> {
  const cert = path.join(directory, 'cert.pem');
  const faults: string[] = [];
  const certified = await namesIn(cert);
  if (certified.join() !== [...names].sort().join()) faults.push(`certified names: ${certified.join()}`);
  const leaf = new X509Certificate(await readFile(cert));
  for (const name of names) {
    // A wildcard certifies hosts below its base, not a host that is called "*".
    const isFor = isAddress(name) ? leaf.checkIP(name) : leaf.checkHost(name.replace('*', 'any-host'));
    if (isFor === undefined) faults.push(`${name} does not match the certificate`);
  }
  return faults;
}

/** The names in a certificate, sorted. */
async function namesIn(cert: string): Promise<string[]> {
  const { stdout } = await openssl('x509', '-noout', '-text', '-in', cert);
  const [, line = ''] = /Subject Alternative Name:.*\n\s*(.*)/.exec(stdout) ?? [];
  return line
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ''))
    .sort();
}

async function keyFaults({ directory }: IssuedFiles): Promise<string[]> {
  const [certified, own] = await Promise.all([
    openssl('x509', '-noout', '-pubkey', '-in', path.join(directory, 'cert.pem')),
    openssl('pkey', '-pubout', '-in', path.join(directory, 'privkey.pem')),
  ]);
  return own.exitCode === 0 && own.stdout === certified.stdout ? [] : ['privkey.pem is not its key'];
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$|:/.test(name);
}
