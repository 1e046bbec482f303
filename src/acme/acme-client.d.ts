// acme-client's own types describe its main entry only. Its inner modules are loaded one by one because the main entry
// also loads node-forge and the challenge checks (docs/decisions.md#inner-modules-of-acme-client). Declared here: what src/acme uses, no more.

declare module 'acme-client/src/http.js' {
  import type { KeyObject } from 'node:crypto';

  export interface HttpResponse {
    status: number;
    headers: Record<string, string | string[] | undefined>;
    data: unknown;
  }

  export interface SignedRequestOptions {
    kid?: string | null;
    includeExternalAccountBinding?: boolean;
  }

  export interface JwsBody {
    payload: string;
    protected: string;
    signature: string;
  }

  export default class HttpClient {
    constructor(directoryUrl: string, accountKey: KeyObject | string);
    request(url: string, method: string, options?: object): Promise<HttpResponse>;
    getDirectory(): Promise<object>;
    getNonce(): Promise<string>;
    getJwk(): Readonly<Record<string, string>>;
    getResourceUrl(resource: string): Promise<string>;
    createSignedBody(
      url: string,
      payload: object | null,
      options: { nonce: string; kid: string | null },
    ): JwsBody;
    createSignedHmacBody(hmacKey: string, url: string, payload: object, options: { kid: string }): JwsBody;
    signedRequest(url: string, payload: object | null, options?: SignedRequestOptions): Promise<HttpResponse>;
  }
}

declare module 'acme-client/src/api.js' {
  import type HttpClient from 'acme-client/src/http.js';
  import type { HttpResponse } from 'acme-client/src/http.js';

  export default class AcmeApi {
    constructor(http: Pick<HttpClient, 'signedRequest' | 'getResourceUrl'>, accountUrl?: string | null);
    apiRequest(url: string, payload: object | null, statuses: number[]): Promise<HttpResponse>;
    apiResourceRequest(
      resource: string,
      payload: object | null,
      statuses: number[],
      options?: { includeJwsKid?: boolean },
    ): Promise<HttpResponse>;
    createAccount(data: object): Promise<HttpResponse>;
    updateAccount(data: object): Promise<HttpResponse>;
    getOrder(url: string): Promise<HttpResponse>;
    finalizeOrder(url: string, data: object): Promise<HttpResponse>;
    getAuthorization(url: string): Promise<HttpResponse>;
    updateAuthorization(url: string, data: object): Promise<HttpResponse>;
    completeChallenge(url: string, data: object): Promise<HttpResponse>;
  }
}
