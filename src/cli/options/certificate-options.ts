import type { Command } from 'commander';
import { solverOptions } from '../../challenges/option-list.ts';
import { flagOf } from '../../challenges/solver-option.ts';

export function addCertificateOptions(command: Command): void {
  command
    .optionsGroup('Naming:')
    .option('--cert-name <NAME>', 'name of the certificate and of its folder (default: the first name)');
  addWantedOptions(command);
}

/** The options that say what a certificate should be, whatever its name. */
export function addWantedOptions(command: Command): void {
  command
    .optionsGroup('Naming:')
    .option('--csr <FILE>', 'use this certificate request; the private key stays with you');
  addSolverOptions(command);
  addSolverForOption(command);
  command
    .optionsGroup('Key and chain:')
    .option('--key-type <TYPE>', 'ec256, ec384, rsa2048, rsa3072 or rsa4096 (default: ec256)')
    .option('--reuse-key', 'keep the private key of the certificate that stands')
    .option('--no-reuse-key', 'make a new private key for each certificate (default)')
    .option('--profile <NAME>', "one of the CA's certificate profiles")
    .option('--preferred-chain <NAME>', 'the chain whose topmost issuer has this common name')
    .optionsGroup('Deploying:')
    .option('--deploy-hook <CMD>', 'run this when the certificate is stored');
}

/** May be given again; what each says is put together. */
function addSolverForOption(command: Command): void {
  command.option(
    '--solver-for <NAME=SOLVER,…>',
    "prove one name by another solver: one of the configuration's, or standalone",
    (value: string, before: string | undefined) => (before === undefined ? value : `${before},${value}`),
  );
}

/** The options of all solvers, which say how names are proven. */
export function addSolverOptions(command: Command): void {
  command.optionsGroup('Proving:');
  for (const { name, placeholder, help } of solverOptions)
    command.option(`${flagOf(name)} <${placeholder}>`, help);
}
