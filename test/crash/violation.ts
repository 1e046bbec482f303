/** What must not be so, whatever happened and whenever; the columns of the table. */
export const violationKinds = [
  'leak',
  'duplicate order',
  'submitted twice',
  'paid twice',
  'lost certificate',
  'left presented',
  'state',
  'command',
  'thrown away',
  'not its own',
  'overwritten',
] as const;

export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  kind: ViolationKind;
  text: string;
}
