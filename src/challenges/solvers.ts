import { acmeDns } from './dns/acme-dns/acme-dns.ts';
import { cloudflare } from './dns/cloudflare/cloudflare.ts';
import { gcloud } from './dns/gcloud/gcloud.ts';
import { httpreq } from './dns/httpreq/httpreq.ts';
import { rfc2136 } from './dns/rfc2136/rfc2136.ts';
import { route53 } from './dns/route53/route53.ts';
import { exec } from './exec/exec.ts';
import { persist } from './persist/persist.ts';
import type { SolverKind } from './solver-kind.ts';
import { none } from './none/none.ts';
import { served } from './served/served.ts';
import { standalone } from './standalone/standalone.ts';
import { webroot } from './webroot/webroot.ts';

/** The solvers, by the names that `--solver` takes, in the order of `--help`. A new solver is its folder and a line here. */
export const solvers = {
  webroot,
  standalone,
  served,
  exec,
  rfc2136,
  cloudflare,
  route53,
  gcloud,
  [acmeDns.name]: acmeDns,
  httpreq,
  persist,
  none,
} satisfies Record<string, SolverKind>;

export type SolverName = keyof typeof solvers;
