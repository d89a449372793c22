export const openDigest = (_: unknown): string => '';
