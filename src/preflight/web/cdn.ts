import type { IncomingHttpHeaders } from 'node:http';

/** Headers that only one network writes. */
const marks: readonly { name: string; is: (headers: IncomingHttpHeaders) => boolean }[] = [
  { name: 'Cloudflare', is: ({ 'cf-ray': ray }) => ray !== undefined },
  { name: 'CloudFront', is: ({ 'x-amz-cf-id': id }) => id !== undefined },
  { name: 'Akamai', is: ({ server }) => server === 'AkamaiGHost' },
  { name: 'Sucuri', is: ({ 'x-sucuri-id': id }) => id !== undefined },
  { name: 'Fastly', is: ({ 'x-fastly-request-id': id }) => id !== undefined },
];

/** The content delivery network that wrote this answer; null where that isn't sure. */
export function cdnOf(headers: IncomingHttpHeaders): string | null {
  return marks.find(({ is }) => is(headers))?.name ?? null;
}
