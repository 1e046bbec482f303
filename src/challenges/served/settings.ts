import * as z from 'zod/mini';

export const servedSchema = () =>
  z.strictObject({
    solver: z.literal('served'),
    challenge: z.literal('http-01'),
  });

export type ServedSettings = z.infer<ReturnType<typeof servedSchema>>;
