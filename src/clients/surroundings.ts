/** What decides where clients keep their files. */
export interface Surroundings {
  home: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}
