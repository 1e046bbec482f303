/** The DNS server behind Pebble's validations: every name has 127.0.0.1 unless told otherwise. */
export interface Challtestsrv {
  managementUrl: string;
  setDefaultIpv4(address: string): Promise<void>;
  /** An empty string: no AAAA record. */
  setDefaultIpv6(address: string): Promise<void>;
  addA(host: string, addresses: string[]): Promise<void>;
  clearA(host: string): Promise<void>;
  addAaaa(host: string, addresses: string[]): Promise<void>;
  clearAaaa(host: string): Promise<void>;
  /** Adds a value; the name keeps those that it has. */
  setTxt(host: string, value: string): Promise<void>;
  /** Removes all values of the name. */
  clearTxt(host: string): Promise<void>;
  setCname(host: string, target: string): Promise<void>;
  clearCname(host: string): Promise<void>;
  setServfail(host: string): Promise<void>;
  clearServfail(host: string): Promise<void>;
  /** What was asked about exactly this name, in order. */
  dnsQuestions(host: string): Promise<DnsQuestion[]>;
}

interface DnsQuestion {
  name: string;
  /** The number of the record type: 1 A, 16 TXT, 28 AAAA, 257 CAA. */
  type: number;
}

/** The client of challtestsrv's management interface. Names may be given with or without the trailing dot. */
export function challtestsrvAt(managementUrl: string): Challtestsrv {
  const post = async (path: string, body: Record<string, unknown>): Promise<string> => {
    const answer = await fetch(`${managementUrl}/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`challtestsrv: ${path}: ${answer.status} ${text}`);
    return text;
  };
  const change = async (path: string, body: Record<string, unknown>): Promise<void> => {
    await post(path, body);
  };
  return {
    managementUrl,
    setDefaultIpv4: (ip) => change('set-default-ipv4', { ip }),
    setDefaultIpv6: (ip) => change('set-default-ipv6', { ip }),
    addA: (host, addresses) => change('add-a', { host: rooted(host), addresses }),
    clearA: (host) => change('clear-a', { host: rooted(host) }),
    addAaaa: (host, addresses) => change('add-aaaa', { host: rooted(host), addresses }),
    clearAaaa: (host) => change('clear-aaaa', { host: rooted(host) }),
    setTxt: (host, value) => change('set-txt', { host: rooted(host), value }),
    clearTxt: (host) => change('clear-txt', { host: rooted(host) }),
    setCname: (host, target) => change('set-cname', { host: rooted(host), target: rooted(target) }),
    clearCname: (host) => change('clear-cname', { host: rooted(host) }),
    setServfail: (host) => change('set-servfail', { host: rooted(host) }),
    clearServfail: (host) => change('clear-servfail', { host: rooted(host) }),
    dnsQuestions: async (host) =>
      questionsOf(await post('dns-request-history', { host: host.replace(/\.$/, '') })),
  };
}

function rooted(host: string): string {
  return host.endsWith('.') ? host : `${host}.`;
}

function questionsOf(history: string): DnsQuestion[] {
  const entries = JSON.parse(history) as { Question: { Name: string; Qtype: number } }[];
  return entries.map(({ Question }) => ({ name: Question.Name, type: Question.Qtype }));
}
