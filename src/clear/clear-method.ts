/** The ways in which an authorization is closed. */
export const clearMethods = ['deactivate', 'submit'] as const;
export type ClearMethod = (typeof clearMethods)[number];
