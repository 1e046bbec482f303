import type { SolverSettings } from './settings.ts';

/** The words of a command line that give these settings again; for `exec` it is to be run in the directory of the hook. */
export function optionsOfSettings(settings: SolverSettings): string[] {
  switch (settings.solver) {
    case 'webroot':
      return ['--webroot', settings.webroot];
    case 'standalone': {
      const { host, port } = settings.listen;
      const address = host === null ? '' : `${host.includes(':') ? `[${host}]` : host}:`;
      return [
        '--solver',
        'standalone',
        '--challenge',
        settings.challenge,
        '--listen',
        `${address}${String(port)}`,
      ];
    }
    case 'exec':
      return [
        '--challenge',
        settings.challenge,
        '--hook',
        settings.hook,
        '--hook-timeout',
        `${String(settings.hookTimeoutSeconds)}s`,
        '--hook-concurrency',
        String(settings.hookConcurrency),
        '--propagation-timeout',
        `${String(settings.propagationTimeoutSeconds)}s`,
        ...(settings.resolver === null ? [] : ['--resolver', settings.resolver]),
      ];
  }
}
