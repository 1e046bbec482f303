/*
 * What users of other clients (certbot, lego, acme.sh, dehydrated, acmetool, uacme) type, and what is meant by it here. Each table is
 * made when somebody has typed a word that there isn't: whoever types none doesn't wait for them.
 */

/** Commands of other clients, some of which are options there, by ours. */
const commands = (): Record<string, string> => ({
  issue:
    'certonly run obtain new create request enroll get sign signcsr setup init quickstart certificate install deploy enhance ' +
    '--issue --signcsr --install-cert --installcert --deploy',
  renew: 'renewal renew-all reconcile cron update --renew --renew-all --renewall --cron -c',
  'cert list': 'certificates certs list ls domains --list',
  'cert show': 'info show --info',
  'cert add': 'want add',
  'cert set': 'reconfigure modify change edit',
  'cert remove': 'delete remove del rm unwant forget --remove',
  'cert revoke': 'revoke --revoke',
  'account list': 'accounts',
  'account show': 'show_account whoami',
  'account register':
    'register signup update_account update-account --register --register-account --update-account',
  'authz list': 'authorizations authzs authorization auth pending',
  'authz clear': 'clear cleanup deactivate --cleanup --deactivate -gc',
  'order list': 'orders',
  'name list': 'names failures failing',
  'ledger check': 'doctor fsck verify',
  status: 'stats overview',
});

/** An option of another client. */
interface ForeignOption {
  /** `NAME` of `-d NAME`; null for one that has no value. */
  placeholder: string | null;
  /** Our words for it, with the placeholder where its value goes; empty for one that nothing stands for here. */
  ours: string;
  /** What a person should know who types it; null where our words say it. */
  says: string | null;
}

const folder = '--webroot /var/www/html';
const hook = '--hook /etc/acme-ledger/dns.sh';
const servers = 'the configuration of a web server is left alone: the folder that it serves proves the names';
const zones = 'a hook of yours edits the zone (docs/hooks.md)';
const asks = 'nothing is ever asked here';
const files = 'the files are in certificates/NAME of the state directory';
const timing = 'the CA says when (ARI), otherwise a third of the life is left';

/** `-d, --domain NAMES`, what it is here, what to know of it, and for which values. A `*` is any name of a plugin. */
type Row = [typed: string, ours: string, says?: string, values?: RegExp];

const naming = (): Row[] => [
  ['-d, --domain, --domains, --san, --names NAMES', 'NAMES', 'names stand by themselves'],
  ['--cert-name, --certname NAME', 'NAME', 'the name stands by itself'],
];

const proving = (): Row[] => [
  ['-w, --webroot-path, --http.webroot, --www DIR', '--webroot DIR'],
  ['--standalone, --http', '--solver standalone'],
  ['--alpn, --tls', '--challenge tls-alpn-01'],
  ['--http.port, --httpport, --http-01-port, --tls.port, --tlsport PORT', '--listen PORT'],
  ['--nginx', `${folder} --deploy-hook 'systemctl reload nginx'`, servers],
  ['--apache, --httpd', `${folder} --deploy-hook 'systemctl reload apache2'`, servers],
  ['--authenticator, --installer, -a, -i PLUGIN', '--PLUGIN', 'each way to prove names has its own option'],
  ['--manual', hook, 'a hook of yours proves the names (docs/hooks.md)'],
  ['--manual-auth-hook CMD', '--hook CMD --hook-style certbot'],
  ['--manual-cleanup-hook CMD', '--cleanup-hook CMD'],
  ['--dns-*-credentials FILE', hook, zones],
  [
    '--dns-*-propagation-seconds N',
    '--propagation-timeout Ns',
    "all of the zone's name servers are asked, so long",
  ],
  ['--dns-*', hook, zones],
  ['--dns SCRIPT', '--hook SCRIPT --hook-style acme.sh', 'its script edits the zone as before', /^dns_/],
  ['--dns PROVIDER', hook, zones],
  ['--dns.resolvers ADDR', '--resolver ADDR'],
  ['--dnssleep N', '', "all of the zone's name servers are asked until they show the record"],
  ['--preferred-challenges, --preferred-challenge, --challenge-type, -t TYPE', '--challenge TYPE'],
];

const account = (): Row[] => [
  ['-m, --accountemail, --mail, --contact ADDR', '--email ADDR'],
  ['--accept-tos, --accept-terms, --tos', '--agree-tos'],
  [
    '--register-unsafely-without-email, --no-eff-email, --eff-email',
    '',
    'without --email the account has none',
  ],
  ['-n, --non-interactive, --noninteractive, --text, -y, --yes', '', asks],
  ['--keep, --keep-until-expiring, --expand, --reinstall, --ecc', '', 'that is what happens here'],
  ['--server, --directory, --directory-url, --acme-server, --acme-url URL', '--ca URL'],
  ['--test-cert, --test, --stage', '--staging'],
  ['--kid, --eab.kid KID', '--eab-kid KID'],
  [
    '--hmac, --eab.hmac, --eab-hmac-key KEY',
    '--eab-hmac-key-file /etc/acme-ledger/eab.key',
    'a secret is never an argument: write it into a file',
  ],
];

const storing = (): Row[] => [
  ['--keylength, -k, --rsa-key-size, --elliptic-curve, --algo TYPE', '--key-type TYPE'],
  ['--preferred-profile, --required-profile, --cert-profile NAME', '--profile NAME'],
  ['--new-key, --no-reuse-key', '', 'each certificate has a new key, unless --reuse-key is given'],
  [
    '--deploy-hook CMD',
    '--on-finish CMD',
    'each certificate has its own, which cert set changes; renew has one for its end',
  ],
  [
    '--post-hook, --renew-hook, --reloadcmd, --run-hook CMD',
    '--deploy-hook CMD',
    'the command that is run when a certificate is stored',
  ],
  ['--pre-hook CMD', '', 'nothing has to be stopped before: the web server goes on'],
  [
    '--cert-path, --key-path, --fullchain-path, --chain-path, --cert-file, --key-file, --fullchain-file, --out, -o FILE',
    '',
    files,
  ],
  [
    '--path, --config-dir, --work-dir, --logs-dir, --home, --config-home, --cert-home DIR',
    '',
    "all of it is in the state directory, and never in another client's folder",
  ],
];

const renewing = (): Row[] => [
  ['--force', '--all', 'renew has --all, for what is not due'],
  ['--force-renewal, --renew-by-default, -x, -f', '--force', 'issue has --force, and renew has --all'],
  ['--days, --renew-days N', '', timing],
  ['--no-random-sleep-on-renew, --no-random-sleep', '', 'only --splay waits'],
  ['--allow-subset-of-names', '--on-failed-name drop'],
  [
    '--delete-after-revoke, --no-delete-after-revoke',
    '',
    'the next renewal replaces it; cert remove ends that',
  ],
  ['--delete', '--delete-files'],
  ['--debug', '-vv'],
];

const options = (): Row[] => [...naming(), ...proving(), ...account(), ...storing(), ...renewing()];

/** Words for values and keys: other people's, `=`, ours. Case, hyphens and dots don't count. */
const words = {
  keyType:
    'rsa 2048=rsa2048 3072=rsa3072 4096=rsa4096 ecdsa ec ecc p256 prime256v1 secp256r1=ec256 p384 secp384r1=ec384',
  challenge: 'http=http-01 dns txt=dns-01 tls alpn tlsalpn tlssni01=tls-alpn-01',
  solver:
    'nginx apache www http01=webroot http listen server=standalone manual script hook dns=exec cf=cloudflare aws=route53 googleclouddns clouddns google gcp=gcloud nsupdate ddns dnsupdate=rfc2136 acmedns=acme-dns',
  ca: 'le letsencryptorg acmev02=letsencrypt staging test letsencrypttest lestaging=letsencrypt-staging googletrustservices gts pki=google googletest=google-staging ssl sslcomecc=sslcom',
  field:
    'domain domains san sans host hosts=names certname=name webrootpath documentroot docroot path=webroot authenticator plugin=solver preferredchallenges challengetype=challenge keylength algorithm keysize=keyType posthook renewhook reloadcmd reload=deployHook server directory=ca timeout=hookTimeout port=listen',
  key: 'server directory directoryurl acmeserver=ca mail contact accountemail=email tos accepttos terms=agreeTos testcert test stagingca=staging home dir path configdir=stateDir database db=ledger kid=eabKid hmac=eabHmacKeyFile certs domains=certificates log=logFile debug=verbose rate ratelimits=limits',
} as const;

/** The command of ours that is meant by a word; null for one that is nobody's. */
export function meantCommand(word: string): string | null {
  const found = Object.entries(commands()).find(([, theirs]) =>
    theirs.split(' ').includes(word.toLowerCase()),
  );
  return found?.[0] ?? null;
}

/** What is meant by an option of another client; null for one that is nobody's. */
export function meantOption(flag: string, value = ''): ForeignOption | null {
  for (const [typed, ours, says, values] of options()) {
    if (values?.test(value) === false) continue;
    const [, flags = '', placeholder] = /^(.*?)(?: ([A-Z]+))?$/.exec(typed) ?? [];
    if (flags.split(', ').some((one) => isLike(one, flag)))
      return { placeholder: placeholder ?? null, ours, says: says ?? null };
  }
  return null;
}

/** The word of ours that is meant by a value or a key; null for one that is nobody's. */
export function meantWord(about: keyof typeof words, word: string): string | null {
  let theirs: string[] = [];
  for (const part of words[about].split(' ')) {
    const [their = '', ours] = part.split('=');
    theirs.push(their);
    if (ours === undefined) continue;
    if (theirs.includes(plain(word)) || plain(ours) === plain(word)) return ours;
    theirs = [];
  }
  return null;
}

/** A hint, with the word of ours that was most likely meant before it. */
export function withMeant(about: keyof typeof words, word: string, hint: string): string {
  const meant = meantWord(about, word);
  return meant === null ? hint : `did you mean ${meant}? ${hint}`;
}

function isLike(pattern: string, flag: string): boolean {
  const [begin = '', end] = pattern.split('*');
  return end === undefined
    ? pattern === flag
    : flag.startsWith(begin) && flag.endsWith(end) && flag.length > begin.length;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}
