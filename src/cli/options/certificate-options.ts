import type { Command } from 'commander';

export function addCertificateOptions(command: Command): void {
  command
    .option('--cert-name <NAME>', 'name of the certificate and of its folder (default: the first name)')
    .option('--csr <FILE>', 'use this certificate request; the private key stays with you')
    .option('--key-type <TYPE>', 'ec256, ec384, rsa2048, rsa3072 or rsa4096 (default: ec256)')
    .option('--reuse-key', 'keep the private key of the certificate that stands')
    .option('--profile <NAME>', "one of the CA's certificate profiles")
    .option('--preferred-chain <NAME>', 'the chain whose topmost issuer has this common name')
    .option('--deploy-hook <CMD>', 'run this when the certificate is stored');
  addSolverOptions(command);
}

/** How names are proven. */
export function addSolverOptions(command: Command): void {
  command
    .option('--challenge <TYPE>', 'http-01, dns-01 or tls-alpn-01')
    .option('--solver <NAME>', 'webroot, standalone or exec')
    .option('--webroot <DIR>', 'webroot: the folder that the web server serves')
    .option('--listen <[ADDR:]PORT>', 'standalone: where to listen (default: port 80 or 443)')
    .option('--hook <CMD>', 'exec: CMD present|cleanup … as lego calls its exec provider')
    .option('--hook-style <STYLE>', 'exec: lego')
    .option('--hook-timeout <DURATION>', 'exec: how long a hook may take (default: 2m)')
    .option('--hook-concurrency <N>', 'exec: hooks at one time (default: 1)')
    .option(
      '--propagation-timeout <DURATION>',
      'dns-01: how long to wait for the name servers; 0 does not look',
    )
    .option('--resolver <ADDR:PORT>', "dns-01: look there instead of at the zone's name servers");
}
