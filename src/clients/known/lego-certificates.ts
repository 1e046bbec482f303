import { dirname, join } from 'node:path';
import { legoAccounts } from './lego.ts';
import type { CertificateLayout } from '../certificate-layout.ts';
import type { ClientFiles } from '../client-certificate.ts';
import { issuedFacts } from '../client-certificate.ts';
import { hostOf, textMember, webUrl } from '../found-text.ts';

/** lego: `certificates/NAME.json`, and the certificate in `NAME.crt`. How the names are proven stands on lego's command line alone. */
export const legoCertificates: CertificateLayout = {
  homes: legoAccounts.homes,
  folder: 'certificates',
  isWanted: (path) => /^[^/]+\.json$/.test(path),
  async certificateOf({ file: path, parts, text, beside }) {
    const file = (parts[0] ?? '').slice(0, -'.json'.length);
    const certUrl = webUrl(textMember(text, 'certUrl'));
    if (certUrl === null) throw new Error('it has no certUrl');
    const pem = await beside(`${file}.crt`);
    if (pem === null) throw new Error(`${file}.crt, which has its names, can't be read`);
    const { names, keyType } = issuedFacts(pem);
    const profile = textMember(text, 'profile');
    const preferredChain = textMember(text, 'preferredChain');
    return {
      name: file,
      names,
      directoryUrl: null,
      serverHost: hostOf(certUrl),
      solver: null,
      unsolved: "lego's files don't say how its names are proven",
      options: {
        ...(keyType === null ? {} : { keyType }),
        ...(profile === null ? {} : { profile }),
        ...(preferredChain === null ? {} : { preferredChain }),
      },
      notes: [],
      issued: filesOf(join(dirname(path), file)),
    };
  },
};

/** `.crt` is the leaf with its issuers, or with `--no-bundle` the leaf alone; `.issuer.crt` has the issuers. */
function filesOf(stem: string): ClientFiles {
  const [leaf, issuers, key] = [`${stem}.crt`, `${stem}.issuer.crt`, `${stem}.key`];
  return { chain: [leaf, issuers], key, served: [leaf, issuers, key] };
}
