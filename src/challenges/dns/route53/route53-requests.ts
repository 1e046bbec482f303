import type * as Aws from '@aws-sdk/client-route-53';
import type { Clock } from '../../../clock.ts';
import { messageOf } from '../../../errors.ts';
import { isRecord } from '../../../json-record.ts';
import type { Credentials } from '../credentials.ts';
import { type Ask, paceOf, retryAfterMs } from '../provider-pace.ts';
import { RrsetConflict } from '../rrset-provider.ts';
import { type VendorFailure, vendorError } from '../vendor-failure.ts';

export type AwsPackage = typeof Aws;

export interface Route53Account {
  client: Aws.Route53Client;
  credentials: Credentials;
  /** @throws RrsetConflict, AcmeLedgerError `solver` */
  request: Ask;
}

export const title = 'Route 53';
const rights =
  'route53:ListHostedZonesByName and route53:GetChange, and for the zone route53:ListResourceRecordSets and route53:ChangeResourceRecordSets';

/** The account that these credentials are for. */
export async function route53Requests(
  aws: AwsPackage,
  credentialsFile: string | null,
  { credentials, clock }: { credentials: Credentials; clock: Clock },
): Promise<Route53Account> {
  // A warning on each start, of what its coming versions want, would be a mail from cron each time.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const client = new aws.Route53Client({
    // Route 53 is the same everywhere, and its client wants to be told a region all the same.
    region: (await credentials.valueOf('AWS_REGION', 'region')) ?? 'us-east-1',
    ...(credentialsFile === null ? {} : { credentials: await signInOf(credentials) }),
    maxAttempts: 1,
  });
  const ask = paceOf(`${title} ${credentialsFile ?? ''}`, { clock });
  const request: Ask = (send, signal) =>
    ask(async () => {
      try {
        return await send();
      } catch (error) {
        signal.throwIfAborted();
        if (isConflict(error)) throw new RrsetConflict(messageOf(error), { cause: error });
        throw vendorError(failureOf(error, clock), { title, rights, credentials }, error);
      }
    }, signal);
  return { client, credentials, request };
}

/** Without a file, the AWS client finds by itself: the environment, `~/.aws`, the role of the machine. */
async function signInOf(
  credentials: Credentials,
): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }> {
  const accessKeyId = await credentials.required('AWS_ACCESS_KEY_ID', 'aws_access_key_id');
  const secretAccessKey = await credentials.required('AWS_SECRET_ACCESS_KEY', 'aws_secret_access_key');
  const sessionToken = await credentials.valueOf('AWS_SESSION_TOKEN', 'aws_session_token');
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
}

/** Errors by their names in the AWS client. `Prior…NotComplete`: another change of the zone isn't done. */
const busy: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'PriorRequestNotComplete',
  'PriorChangeNotComplete',
]);
const denied: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'ExpiredToken',
  'ExpiredTokenException',
  'MissingAuthenticationToken',
  'CredentialsProviderError',
  'NotAuthorized',
]);

function isConflict(error: unknown): boolean {
  const isBatch = error instanceof Error && error.name === 'InvalidChangeBatch';
  return isBatch && /already exists|not found|do not match/i.test(error.message);
}

function failureOf(error: unknown, clock: Clock): VendorFailure {
  const name = error instanceof Error ? error.name : '';
  const status = memberOf(memberOf(error, '$metadata'), 'httpStatusCode');
  const said = `${messageOf(error)} (${name})`;
  if (busy.has(name) || status === 429) {
    const header = memberOf(memberOf(memberOf(error, '$response'), 'headers'), 'retry-after');
    const pauseMs = retryAfterMs(typeof header === 'string' ? header : null, clock.wallNow());
    return { kind: 'busy', said, retryAfterMs: pauseMs };
  }
  if (denied.has(name)) return { kind: 'denied', said, retryAfterMs: null };
  return { kind: typeof status === 'number' ? 'other' : 'silent', said, retryAfterMs: null };
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
