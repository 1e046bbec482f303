/** A piece of a client's log, and what is to be found in it. */
export interface LogSample {
  title: string;
  client: string | null;
  text: string;
  authorizations?: string[];
  orders?: string[];
  challenges?: string[];
}

const boulder = 'https://acme-v02.api.letsencrypt.org/acme';

export function protectedHeader(url: string): string {
  return Buffer.from(
    JSON.stringify({ alg: 'ES256', kid: `${boulder}/acct/77`, nonce: 'n0nce', url }),
  ).toString('base64url');
}

export const samples: readonly LogSample[] = [
  {
    title: 'certbot: the connection and the path apart',
    client: 'certbot',
    text: '2025-06-05 11:38:29,123:DEBUG:urllib3.connectionpool:https://acme-v02.api.letsencrypt.org:443 "POST /acme/authz/77/531225 HTTP/1.1" 200 775\n',
    authorizations: [`${boulder}/authz/77/531225`],
  },
  {
    title: 'certbot: the connection to a port of its own',
    client: 'certbot',
    text: '2025-06-05 11:38:29,123:DEBUG:urllib3.connectionpool:https://localhost:14000 "POST /authZ/Nkx-a_9 HTTP/1.1" 200 775\n',
    authorizations: ['https://localhost:14000/authZ/Nkx-a_9'],
  },
  {
    title: 'certbot: a request, its URL before a colon, and the header of its JWS',
    client: 'certbot',
    text: `2025-06-05 11:38:29,123:DEBUG:acme.client:Sending POST request to ${boulder}/authz/77/1:\n{\n  "protected": "${protectedHeader(`${boulder}/order/77/2`)}",\n  "signature": "c2ln",\n  "payload": ""\n}\n`,
    authorizations: [`${boulder}/authz/77/1`],
    orders: [`${boulder}/order/77/2`],
  },
  {
    title: 'certbot: an answer, its headers and its body over many lines',
    client: 'certbot',
    text: `2025-06-05 11:38:29,123:DEBUG:acme.client:Received response:\nHTTP 201\nServer: nginx\nLink: <https://acme-v02.api.letsencrypt.org/directory>;rel="index"\nLocation: ${boulder}/order/77/3\n\n{\n  "status": "pending",\n  "expires": "2025-06-12T11:38:29Z",\n  "authorizations": [\n    "${boulder}/authz/77/4",\n    "${boulder}/authz/77/5"\n  ],\n  "finalize": "${boulder}/finalize/77/3"\n}\n`,
    authorizations: [`${boulder}/authz/77/4`, `${boulder}/authz/77/5`],
    orders: [`${boulder}/order/77/3`],
  },
  {
    title: 'acme.sh: variables, lists without blanks, and slashes that JSON escapes',
    client: 'acme.sh',
    text: `[Thu Jun  5 11:38:29 UTC 2025] _authz_url='https://acme.zerossl.com/v2/DV90/authz/rA4bC-d_eFgHiJkLmNoPqR'\n[Thu Jun  5 11:38:30 UTC 2025] _authorizations_seg='"https://acme.zerossl.com/v2/DV90/authz/first1","https://acme.zerossl.com/v2/DV90/authz/second2"'\n[Thu Jun  5 11:38:31 UTC 2025] response='{"status":"pending","url":"https:\\/\\/acme.zerossl.com\\/v2\\/DV90\\/chall\\/xYz"}'\n[Thu Jun  5 11:38:32 UTC 2025] _orderLink='https://acme.zerossl.com/v2/DV90/order/oRd'\n`,
    authorizations: ['rA4bC-d_eFgHiJkLmNoPqR', 'first1', 'second2'].map(
      (id) => `https://acme.zerossl.com/v2/DV90/authz/${id}`,
    ),
    orders: ['https://acme.zerossl.com/v2/DV90/order/oRd'],
    challenges: ['https://acme.zerossl.com/v2/DV90/chall/xYz'],
  },
  {
    title: 'lego 4',
    client: 'lego',
    text: `2025/06/05 11:38:29 [INFO] [example.com] AuthURL: ${boulder}/authz/77/6\n2025/06/05 11:38:30 [INFO] Deactivating auth: ${boulder}/authz/77/7\n`,
    authorizations: [`${boulder}/authz/77/6`, `${boulder}/authz/77/7`],
  },
  {
    title: 'lego 5, in colours and as text',
    client: 'lego',
    text: `\u001b[90m2025-06-05T11:38:29Z\u001b[0m DEBUG Authorization \u001b[36mauthz=\u001b[0m${boulder}/authz/77/8\u001b[0m\ntime=2025-06-05T11:38:29.123Z level=DEBUG msg=x authz=${boulder}/authz/77/9 domain=example.com\n`,
    authorizations: [`${boulder}/authz/77/8`, `${boulder}/authz/77/9`],
  },
  {
    title: 'Caddy, and what jq -R or a log shipper makes of it',
    client: 'caddy',
    text: `{"level":"info","ts":1749123509.1,"logger":"tls.issuance.acme.acme_client","msg":"validations succeeded; finalizing order","order":"${boulder}/order/77/10"}\n${JSON.stringify({ log: `{"level":"info","logger":"tls.issuance.acme.acme_client","authz":"${boulder.replaceAll('/', '\\/')}\\/authz\\/77\\/11"}` })}\n`,
    authorizations: [`${boulder}/authz/77/11`],
    orders: [`${boulder}/order/77/10`],
  },
  {
    title: 'dehydrated: only what failed',
    client: 'dehydrated',
    text: `  + ERROR: An error occurred while sending post-request to ${boulder}/authz/77/12 (Status 429)\n`,
    authorizations: [`${boulder}/authz/77/12`],
  },
  {
    title: 'Posh-ACME',
    client: 'posh-acme',
    text: `DEBUG: POST https://dv.acme-v02.api.pki.goog/order/qWeRtYuIoPaSdFgHjKlZxC\r\n{"protected":"${protectedHeader('https://dv.acme-v02.api.pki.goog/authz/pOiUyT')}","payload":"","signature":"x"}\r\n`,
    authorizations: ['https://dv.acme-v02.api.pki.goog/authz/pOiUyT'],
    orders: ['https://dv.acme-v02.api.pki.goog/order/qWeRtYuIoPaSdFgHjKlZxC'],
  },
  {
    title: 'win-acme',
    client: 'win-acme',
    text: `2025-04-25 04:22:19.649 [DBUG] [HTTP] Send POST to ${boulder}/authz/77/13\r\n`,
    authorizations: [`${boulder}/authz/77/13`],
  },
  {
    title: 'uacme',
    client: 'uacme',
    text: `uacme: retrieving authorization at ${boulder}/authz/77/14\nuacme: order location: ${boulder}/order/77/15\n`,
    authorizations: [`${boulder}/authz/77/14`],
    orders: [`${boulder}/order/77/15`],
  },
  {
    title: 'cert-manager',
    client: 'cert-manager',
    text: `  Authorization URL: https://ca.internal/acme/acme@corp/authz/q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6\n  Group: acme.cert-manager.io\n  URL:  https://ca.internal/acme/acme@corp/challenge/q1W2/zX9\n`,
    authorizations: ['https://ca.internal/acme/acme@corp/authz/q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6'],
    challenges: ['https://ca.internal/acme/acme@corp/challenge/q1W2/zX9'],
  },
  {
    title: 'acme-client',
    client: 'acme-client',
    text: `HTTP request: post https://127.0.0.1:14000/my-order/aB-3_x\nRESP 200 post https://127.0.0.1:14000/chalZ/Zz9\n`,
    orders: ['https://127.0.0.1:14000/my-order/aB-3_x'],
    challenges: ['https://127.0.0.1:14000/chalZ/Zz9'],
  },
  {
    title: 'older forms of Let’s Encrypt',
    client: null,
    text: `(${boulder}/authz-v3/900), <${boulder}/authz/aB3-_kLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNo>; ${boulder}/chall-v3/900/x_Y-z1.`,
    authorizations: [
      `${boulder}/authz-v3/900`,
      `${boulder}/authz/aB3-_kLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNo`,
    ],
    challenges: [`${boulder}/chall-v3/900/x_Y-z1`],
  },
  {
    title: 'other CAs',
    client: null,
    text: 'https://api.buypass.com/acme-v02/authz/Ab1?x https://vault:8200/v1/pki/acme/authorization/6f1c-2 http://[::1]:9000/acme/order/authz/77 HTTPS https://CA.Example/acme/order/9!',
    authorizations: [
      'https://api.buypass.com/acme-v02/authz/Ab1',
      'https://vault:8200/v1/pki/acme/authorization/6f1c-2',
      'http://[::1]:9000/acme/order/authz/77',
    ],
    orders: ['https://ca.example/acme/order/9'],
  },
  {
    title: 'escapes: of JSON, of JSON in JSON, and of query strings',
    client: null,
    text: `"https:\\u002f\\u002fa.example\\u002facme\\u002fauthz\\u002f1" https:\\\\\\/\\\\\\/b.example\\\\\\/acme\\\\\\/authz\\\\\\/2 next=https%3A%2F%2Fc.example%3A8443%2Facme%2Fauthz%2F3%22%2C https%253a%252f%252fd.example%252facme%252fauthz%252f4&`,
    authorizations: [
      'https://a.example/acme/authz/1',
      'https://b.example/acme/authz/2',
      'https://c.example:8443/acme/authz/3',
      'https://d.example/acme/authz/4',
    ],
  },
  {
    title: 'a URL in another one, and one right after another',
    client: null,
    text: 'https://proxy.example/?to=https://a.example/acme/authz/1,https://b.example/acme/authz/2|http://http/https/acme/http/authz/3',
    authorizations: [
      'https://a.example/acme/authz/1',
      'https://b.example/acme/authz/2',
      'http://http/https/acme/http/authz/3',
    ],
  },
  {
    title: 'django-ca, whose URLs end with a slash, and what may be no order',
    client: null,
    text: `https://ca.example/django_ca/acme/1/authz/aBc/ https://ca.example/django_ca/acme/1/order/dEf/finalize/ ${boulder}/orders/77 https://shop.example/orders/4711`,
    authorizations: ['https://ca.example/django_ca/acme/1/authz/aBc/'],
    orders: [`${boulder}/orders/77`, 'https://shop.example/orders/4711'],
  },
  {
    title: 'what is none of them',
    client: null,
    text: [
      `${boulder}/new-authz ${boulder}/authz/ ${boulder}/order/77/2/finalize ${boulder}/finalize/77/2 ${boulder}/cert/04ab`,
      `${boulder}/acct/77/orders https://user:secret@ca.example/acme/authz/1 https://user@ca.example/acme/authz/1`,
      'ftp://ca.example/acme/authz/1 //ca.example/acme/authz/1 /acme/authz/1 https:///acme/authz/1 https://ca.example:99999/acme/authz/1',
      `https://ca.example/acme/authz/${'a'.repeat(300)} https://ca.example/acme/authz/1/2/3/4/5/6/7`,
      'authz/authz/authz/ http://authz/1 eyJ eyJhIjoiYiJ9',
    ].join('\n'),
  },
];
