// Whether an error speaks of the database's state and not of what was asked of it: trying again may well succeed.

/**
 * PostgreSQL's SQLSTATEs that mean "not now": connection lost or refused, shutting down, out of time or room, a lock not
 * to be had, and the loser of a deadlock (PostgreSQL manual, Appendix A).
 */
const NOT_NOW = /^(08...|57P0[1-5]|57014|55P03|53...|25P0[234]|40001|40P01)$/;
const NETWORK = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'];

export function isDatabaseTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NOT_NOW.test(code) || NETWORK.includes(code)) return true;
  // The driver's own messages carry no code.
  return /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(error.message);
}
