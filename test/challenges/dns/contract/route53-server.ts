import { type WebAnswer, type WebStage, startWeb } from './web-stage.ts';

/** The part of Route 53's API (2013-04-01) that edits a zone: sets change as a whole, in batches that fail as a whole. */
export interface Route53Stage {
  web: WebStage;
  sets: Map<string, string[]>;
  /** How often the status of a change is still PENDING. */
  pendingAnswers: number;
  /** A set with a routing policy at this name. */
  weighted: Set<string>;
}

const zone =
  '<HostedZone><Id>/hostedzone/Z1</Id><Name>example.test.</Name><CallerReference>1</CallerReference><Config><PrivateZone>false</PrivateZone></Config></HostedZone>';
const hidden = zone.replace('Z1', 'Z0').replace('<PrivateZone>false', '<PrivateZone>true');

export async function startRoute53(): Promise<Route53Stage> {
  const stage: Omit<Route53Stage, 'web'> = { sets: new Map(), pendingAnswers: 0, weighted: new Set() };
  const web = await startWeb(({ method, url, body, headers }) => {
    const signer = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
    if (signer !== 'AKIATEST') return failed(403, 'InvalidClientTokenId', 'The security token is invalid.');
    if (url.pathname.endsWith('/hostedzonesbyname')) return answer('ListHostedZonesByName', zonesNamed(url));
    if (url.pathname.includes('/change/')) {
      stage.pendingAnswers -= 1;
      return answer('GetChange', changeInfo(stage.pendingAnswers >= 0 ? 'PENDING' : 'INSYNC'));
    }
    if (!url.pathname.includes('/hostedzone/Z1/'))
      return failed(404, 'NoSuchHostedZone', 'No hosted zone found');
    if (method === 'POST') return changed(stage.sets, body);
    return answer('ListResourceRecordSets', listed(stage, url.searchParams.get('name') ?? ''));
  });
  return Object.assign(stage, { web });
}

function answer(name: string, content: string): WebAnswer {
  const text = `<?xml version="1.0"?><${name}Response xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${content}</${name}Response>`;
  return { status: 200, body: text };
}

/** A refusal in the form that the API has. */
export function failed(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): WebAnswer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  const body = `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${error}<RequestId>1</RequestId></ErrorResponse>`;
  return { status, headers, body };
}

function changeInfo(status: string): string {
  return `<ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2026-12-01T00:00:00Z</SubmittedAt></ChangeInfo>`;
}

function zonesNamed(url: URL): string {
  const zones = url.searchParams.get('dnsname') === 'example.test.' ? hidden + zone : '';
  return `<HostedZones>${zones}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>10</MaxItems>`;
}

function listed({ sets, weighted }: Pick<Route53Stage, 'sets' | 'weighted'>, name: string): string {
  const all = [...sets]
    .filter(([each]) => each >= name)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([each, values]) => {
      const policy = weighted.has(each) ? '<SetIdentifier>one</SetIdentifier><Weight>1</Weight>' : '';
      const records = values
        .map((value) => `<ResourceRecord><Value>${value}</Value></ResourceRecord>`)
        .join('');
      return `<ResourceRecordSet><Name>${each}</Name><Type>TXT</Type>${policy}<TTL>60</TTL><ResourceRecords>${records}</ResourceRecords></ResourceRecordSet>`;
    });
  return `<ResourceRecordSets>${all.join('')}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems>`;
}

function changed(sets: Map<string, string[]>, body: string): WebAnswer {
  const after = new Map(sets);
  for (const [, change = ''] of body.matchAll(/<Change>(.*?)<\/Change>/gs)) {
    const name = /<Name>(.*?)<\/Name>/.exec(change)?.[1] ?? '';
    const values = [...change.matchAll(/<Value>(.*?)<\/Value>/g)].map(([, value = '']) =>
      value.replaceAll('&quot;', '"'),
    );
    const before = after.get(name);
    if (change.includes('<Action>CREATE')) {
      if (before !== undefined)
        return invalid(
          `Tried to create resource record set [name='${name}', type='TXT'] but it already exists`,
        );
      after.set(name, values);
    } else {
      if (before === undefined)
        return invalid(
          `Tried to delete resource record set [name='${name}', type='TXT'] but it was not found`,
        );
      if (String(before) !== String(values))
        return invalid(
          `Tried to delete resource record set [name='${name}', type='TXT'] but the values provided do not match the current values`,
        );
      after.delete(name);
    }
  }
  sets.clear();
  for (const [name, values] of after) sets.set(name, values);
  return answer('ChangeResourceRecordSets', changeInfo('PENDING'));
}

function invalid(message: string): WebAnswer {
  const body = `<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages><Message>${message}</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>`;
  return { status: 400, body };
}
