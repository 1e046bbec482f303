/** What is shown first of a command's help. */
export interface CommandExamples {
  /** At most ten lines; each that begins with `acme-ledger` can be pasted. */
  lines: readonly string[];
  /** The page in `docs/` that says more. */
  page: string;
}

/** The examples of each command, by its path. */
export const examples: Readonly<Record<string, CommandExamples>> = {
  '': {
    lines: [
      'acme-ledger issue example.com www.example.com --webroot /var/www/html --agree-tos',
      "acme-ledger issue '*.example.com' --hook /etc/acme-ledger/dns.sh --agree-tos",
      'acme-ledger renew',
      'acme-ledger status',
      'acme-ledger cert list',
      'acme-ledger authz clear',
    ],
    page: 'getting-started.md',
  },
  issue: {
    lines: [
      'acme-ledger issue example.com www.example.com --webroot /var/www/html --agree-tos',
      "acme-ledger issue '*.example.com' example.com --hook /etc/acme-ledger/dns.sh",
      "acme-ledger issue example.com --webroot /var/www/html --deploy-hook 'systemctl reload nginx'",
      'acme-ledger issue 192.0.2.7 --solver standalone --profile shortlived',
      'acme-ledger issue example.com --webroot /var/www/html --rehearse',
    ],
    page: 'getting-started.md',
  },
  renew: {
    lines: [
      'acme-ledger renew',
      'acme-ledger renew --dry-run',
      'acme-ledger renew --dry-run --by-day',
      'acme-ledger renew example.com --all',
      'acme-ledger renew --splay 1h --max-time 6h --report /var/lib/acme-ledger/renew.json',
    ],
    page: 'cron-and-systemd.md',
  },
  check: {
    lines: [
      'acme-ledger check example.com',
      'acme-ledger check example.com www.example.com --deep',
      'acme-ledger check --all --json',
      'acme-ledger check shop.example.com --for-customer',
    ],
    page: 'check.md',
  },
  cert: {
    lines: ['acme-ledger cert list', 'acme-ledger cert show example.com'],
    page: 'thousands-of-names.md',
  },
  'cert list': {
    lines: ['acme-ledger cert list', 'acme-ledger cert list --json'],
    page: 'when-a-certificate-is-due.md',
  },
  'cert show': { lines: ['acme-ledger cert show example.com'], page: 'when-a-certificate-is-due.md' },
  'cert pause': {
    lines: [
      'acme-ledger cert pause example.com',
      'acme-ledger cert pause example.com shop.example.com --until 30d',
      'acme-ledger cert pause example.com --until 2027-01-31',
    ],
    page: 'names-that-fail.md',
  },
  'cert resume': { lines: ['acme-ledger cert resume example.com'], page: 'names-that-fail.md' },
  'cert set': {
    lines: [
      'acme-ledger cert set example.com --key-type ec384',
      "acme-ledger cert set example.com --deploy-hook '' --now",
    ],
    page: 'getting-started.md',
  },
  'cert remove': {
    lines: ['acme-ledger cert remove example.com', 'acme-ledger cert remove example.com --delete-files'],
    page: 'permissions.md',
  },
  'cert add': {
    lines: ['acme-ledger cert add example.com www.example.com --webroot /var/www/html', 'acme-ledger renew'],
    page: 'thousands-of-names.md',
  },
  'cert import': {
    lines: [
      'acme-ledger cert import certificates.csv --dry-run',
      'acme-ledger cert import - < certificates.ndjson',
      '',
      'names,webroot,deployHook',
      'a.test www.a.test,/var/www/a,systemctl reload nginx',
      '',
      '{"names":["a.test"],"webroot":"/var/www/a"}',
    ],
    page: 'thousands-of-names.md',
  },
  'cert revoke': {
    lines: ['acme-ledger cert revoke example.com --reason keyCompromise'],
    page: 'another-ca.md',
  },
  authz: {
    lines: ['acme-ledger authz list --unsubmitted', 'acme-ledger authz clear --dry-run'],
    page: 'account-is-full.md',
  },
  'authz list': {
    lines: [
      'acme-ledger authz list --status pending --older-than 1d',
      "acme-ledger authz list --name '*.example.com' --format csv",
    ],
    page: 'account-is-full.md',
  },
  'authz show': { lines: ['acme-ledger authz show 7'], page: 'account-is-full.md' },
  'authz clear': {
    lines: [
      'acme-ledger authz clear --dry-run',
      'acme-ledger authz clear',
      'acme-ledger authz clear --from-log /var/log/letsencrypt/letsencrypt.log --import-accounts certbot',
    ],
    page: 'account-is-full.md',
  },
  'authz report': { lines: ['acme-ledger authz report --sort age'], page: 'account-is-full.md' },
  'authz discover': {
    lines: ['acme-ledger authz discover --import-accounts lego:/root/.lego'],
    page: 'account-is-full.md',
  },
  'authz sync': { lines: ['acme-ledger authz sync'], page: 'ledger-check.md' },
  order: { lines: ['acme-ledger order list', 'acme-ledger order show 7'], page: 'messages.md' },
  'order list': { lines: ['acme-ledger order list --status invalid --limit 10'], page: 'messages.md' },
  'order show': { lines: ['acme-ledger order show 7'], page: 'messages.md' },
  account: { lines: ['acme-ledger account list', 'acme-ledger account show'], page: 'another-ca.md' },
  'account register': {
    lines: [
      'acme-ledger account register --agree-tos --email admin@example.com',
      'acme-ledger account register --ca zerossl --agree-tos --eab-kid KID --eab-hmac-key-file /etc/acme-ledger/eab.key',
    ],
    page: 'another-ca.md',
  },
  'account list': { lines: ['acme-ledger account list'], page: 'another-ca.md' },
  'account show': {
    lines: ['acme-ledger account show', 'acme-ledger account show 2'],
    page: 'another-ca.md',
  },
  'account deactivate': {
    lines: ['acme-ledger account show', 'acme-ledger account deactivate --yes'],
    page: 'uninstalling.md',
  },
  'account import': {
    lines: [
      'acme-ledger account import --import-accounts certbot --dry-run',
      'acme-ledger account import --import-accounts certbot --certificates',
      'acme-ledger account import account-key.pem --ca letsencrypt',
    ],
    page: 'moving-from-certbot-lego-acme.sh.md',
  },
  name: {
    lines: ['acme-ledger name list', 'acme-ledger name resume example.com'],
    page: 'names-that-fail.md',
  },
  'name list': {
    lines: ['acme-ledger name list', 'acme-ledger name list --suspended'],
    page: 'names-that-fail.md',
  },
  'name show': { lines: ["acme-ledger name show '*.example.com'"], page: 'names-that-fail.md' },
  'name resume': {
    lines: ['acme-ledger name resume www.example.com', 'acme-ledger name resume --all'],
    page: 'names-that-fail.md',
  },
  runs: { lines: ['acme-ledger runs list'], page: 'when-something-fails.md' },
  'runs list': {
    lines: ['acme-ledger runs list', 'acme-ledger runs list --limit 100 --json'],
    page: 'when-something-fails.md',
  },
  'runs show': { lines: ['acme-ledger runs show 3f0c2a91'], page: 'when-something-fails.md' },
  'dns-persist': {
    lines: ['acme-ledger dns-persist record example.com'],
    page: 'dns-persist.md',
  },
  'dns-persist record': {
    lines: [
      "acme-ledger dns-persist record example.com '*.example.org'",
      'acme-ledger dns-persist record example.com --until 365d',
      'acme-ledger issue example.com --challenge dns-persist-01',
    ],
    page: 'dns-persist.md',
  },
  serve: {
    lines: ['acme-ledger serve http01 --listen 127.0.0.1:8402'],
    page: 'one-place-for-challenges.md',
  },
  'serve http01': {
    lines: [
      'acme-ledger serve http01 --listen 127.0.0.1:8402',
      'acme-ledger issue example.com --solver served',
    ],
    page: 'one-place-for-challenges.md',
  },
  status: { lines: ['acme-ledger status', 'acme-ledger status --json'], page: 'exit-codes-and-json.md' },
  ledger: { lines: ['acme-ledger ledger check'], page: 'ledger-check.md' },
  'ledger check': {
    lines: ['acme-ledger ledger check --dry-run', 'acme-ledger ledger check'],
    page: 'ledger-check.md',
  },
};
