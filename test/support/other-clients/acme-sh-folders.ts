import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { acmeShHome } from '../acme-sh-stand-in.ts';
import { openssl } from '../openssl.ts';

/** A certificate as acme.sh has it; it was issued by whoever wrote these files. */
export interface AcmeShCertificate {
  names: readonly string[];
  /** The ways of its names, as `Le_Webroot` has them. */
  ways: readonly string[];
  /** A folder with `cert.pem`, `chain.pem`, `fullchain.pem` and `privkey.pem`, whose key is an EC one. */
  files: string;
  /** Where `--install-cert` copied the chain and the key. */
  installed?: { fullchain: string; key: string; reload: string };
}

/** The folders of acme.sh, which Debian and npm don't have, made by hand as version 3.1.4 leaves them. */
export class AcmeShFolders {
  readonly home: string;
  readonly directoryUrl: string;

  constructor(home: string, directoryUrl: string) {
    this.home = home;
    this.directoryUrl = directoryUrl;
  }

  /** The program itself with a script of its dnsapi, and what it keeps for that. */
  async install(
    script: { name: string; body: string },
    saved: Readonly<Record<string, string>>,
  ): Promise<void> {
    await acmeShHome(this.home, script);
    const lines = Object.entries(saved).map(([name, value]) => `SAVED_${name}='${value}'\n`);
    await writeFile(path.join(this.home, 'account.conf'), lines.join(''), { mode: 0o600 });
  }

  /** An account: its key as openssl writes EC keys, and its URL beside it. */
  async account(keyFile: string, url: string): Promise<void> {
    const { hostname, pathname } = new URL(this.directoryUrl);
    const folder = path.join(this.home, 'ca', hostname, pathname);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, 'account.key'), await sec1(keyFile), { mode: 0o600 });
    await writeFile(path.join(folder, 'ca.conf'), `ACCOUNT_URL='${url}'\nCA_KEY_HASH='none'\n`);
  }

  /** @returns the folder of the certificate */
  async certificate({ names, ways, files, installed }: AcmeShCertificate): Promise<string> {
    const [domain = '', ...others] = names;
    const folder = this.folderOf(domain);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const key = await sec1(path.join(files, 'privkey.pem'));
    const read = (name: string): Promise<string> => readFile(path.join(files, name), 'utf8');
    const fullchain = await read('fullchain.pem');
    await writeFile(path.join(folder, `${domain}.cer`), await read('cert.pem'));
    await writeFile(path.join(folder, 'ca.cer'), await read('chain.pem'));
    await writeFile(path.join(folder, 'fullchain.cer'), fullchain);
    await writeFile(path.join(folder, `${domain}.key`), key, { mode: 0o600 });
    const values = {
      Le_Domain: domain,
      Le_Alt: others.length === 0 ? 'no' : others.join(','),
      Le_Webroot: ways.join(','),
      Le_PreHook: '',
      Le_PostHook: '',
      Le_RenewHook: '',
      Le_API: this.directoryUrl,
      Le_Keylength: 'ec-256',
      Le_RealCertPath: '',
      Le_RealCACertPath: '',
      Le_RealKeyPath: installed?.key ?? '',
      Le_RealFullChainPath: installed?.fullchain ?? '',
      Le_ReloadCmd: installed === undefined ? '' : encoded(installed.reload),
    };
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    await writeFile(path.join(folder, `${domain}.conf`), lines.join(''));
    if (installed !== undefined) {
      await writeFile(installed.fullchain, fullchain);
      await writeFile(installed.key, key, { mode: 0o600 });
    }
    return folder;
  }

  folderOf(domain: string): string {
    return path.join(this.home, `${domain}_ecc`);
  }
}

async function sec1(keyFile: string): Promise<string> {
  return (await openssl('ec', '-in', keyFile)).stdout;
}

function encoded(command: string): string {
  return `__ACME_BASE64__START_${Buffer.from(command).toString('base64')}__ACME_BASE64__END_`;
}
