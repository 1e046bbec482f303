import * as z from 'zod/mini'; // a quarter of zod's loading time
import { challengeTypes } from '../solver.ts';

export const noneSchema = () =>
  z.strictObject({ solver: z.literal('none'), challenge: z.enum(challengeTypes) });

export type NoneSettings = z.infer<ReturnType<typeof noneSchema>>;
