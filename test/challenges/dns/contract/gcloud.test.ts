import { DnsServer } from '../../dns-server.ts';
import { describeProvider } from './contract.ts';
import { newSecretFile } from './secret-file.ts';
import { type WebAnswer, startWeb } from './web-stage.ts';

interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas: string[];
}

const zones = [
  { name: 'inner', id: '1', dnsName: 'example.test.', visibility: 'private' },
  { name: 'outer', id: '2', dnsName: 'example.test.', visibility: 'public' },
];

function refused(code: number, reason: string, message: string): WebAnswer {
  return {
    status: code,
    body: { error: { code, message, errors: [{ reason, message, domain: 'global' }] } },
  };
}

describeProvider('gcloud', async () => {
  const sets = new Map<string, RecordSet>();
  const refusals: WebAnswer[] = [];
  const changed = ({
    additions = [],
    deletions = [],
  }: {
    additions?: RecordSet[];
    deletions?: RecordSet[];
  }): WebAnswer => {
    for (const set of deletions) {
      const before = sets.get(set.name);
      if (before === undefined)
        return refused(404, 'notFound', "The 'entity.change.deletions[0]' resource does not exist.");
      if (String(before.rrdatas) !== String(set.rrdatas))
        return refused(412, 'conditionNotMet', "Precondition not met for 'entity.change.deletions[0]'");
    }
    const isTaken = ({ name }: RecordSet): boolean =>
      sets.has(name) && !deletions.some((set) => set.name === name);
    if (additions.some(isTaken))
      return refused(409, 'alreadyExists', "The resource 'entity.change.additions[0]' already exists");
    for (const { name } of deletions) sets.delete(name);
    for (const set of additions) sets.set(set.name, set);
    return { status: 200, body: { id: '7', status: 'pending' } };
  };
  const web = await startWeb(({ method, url, body, headers }) => {
    if (url.pathname === '/token')
      return {
        status: 200,
        body: {
          access_token: 'at-1',
          expires_in: 3600,
          token_type: 'Bearer',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      };
    if (headers.authorization !== 'Bearer at-1') return refused(401, 'authError', 'Invalid Credentials');
    const refusal = refusals.shift();
    if (refusal !== undefined) return refusal;
    const path = url.pathname.replace('/dns/v1/projects/project-1/managedZones', '');
    if (path === '') return { status: 200, body: { managedZones: zones } };
    if (path === '/outer/changes/7') return { status: 200, body: { id: '7', status: 'done' } };
    if (path === '/outer/changes' && method === 'POST')
      return changed(JSON.parse(body) as { additions?: RecordSet[]; deletions?: RecordSet[] });
    if (path === '/outer/rrsets') {
      const set = sets.get(url.searchParams.get('name') ?? '');
      return { status: 200, body: { rrsets: set === undefined ? [] : [set] } };
    }
    return refused(404, 'notFound', 'not found');
  });
  const dns = await DnsServer.start();
  const subject = await newSecretFile('token-of-the-test');
  // Of a workload identity: the one kind whose tokens come from the server that its file names.
  const file = await newSecretFile(
    JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/test',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${web.url}/token`,
      credential_source: { file: subject.path },
    }),
  );
  process.env['GOOGLE_CLOUD_PROJECT'] = 'project-1';
  process.env['CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS'] = `${web.url}/`;
  return {
    options: { solver: 'gcloud', dnsCredentials: file.path, resolver: dns.address },
    values: (name) =>
      Promise.resolve((sets.get(`${name}.`)?.rrdatas ?? []).map((value) => value.replaceAll('"', ''))),
    put(name, value) {
      const set = sets.get(`${name}.`) ?? { name: `${name}.`, type: 'TXT', ttl: 60, rrdatas: [] };
      sets.set(`${name}.`, { ...set, rrdatas: [...set.rrdatas, `"${value}"`] });
      return Promise.resolve();
    },
    refuseNext(seconds) {
      refusals.push({
        ...refused(429, 'rateLimitExceeded', 'too many'),
        headers: { 'retry-after': String(seconds) },
      });
    },
    hang: () => web.hang(),
    async stop() {
      delete process.env['GOOGLE_CLOUD_PROJECT'];
      delete process.env['CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS'];
      await Promise.all([web.stop(), dns.stop(), file.remove(), subject.remove()]);
    },
  };
});
