import type { ClientSolver } from './client-certificate.ts';

/**
 * The webroot of most names, and apart from it those of the others.
 * @param folders the webroot of each name, in the order of the names
 */
export function webrootChoice(names: readonly string[], folders: readonly string[]): ClientSolver {
  const count = (folder: string): number => folders.filter((one) => one === folder).length;
  const [webroot = ''] = [...new Set(folders)].toSorted((one, other) => count(other) - count(one));
  const others = names.flatMap((name, index) => {
    const folder = folders[index] ?? webroot;
    return folder === webroot ? [] : `${name}=${folder}`;
  });
  return {
    solver: 'webroot',
    challenge: 'http-01',
    webroot,
    ...(others.length === 0 ? {} : { webrootFor: others.join(',') }),
  };
}
