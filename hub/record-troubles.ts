// Tells people what the records of the control room lack: a FAULT of the hub, once for each trouble while it is open.
import type { CommandContext } from './events/api.ts';
import { raiseHubFault } from './hub-faults.ts';
import { textOf } from './messages/text.ts';
import type { Round } from './records/api.ts';

/** Raises a FAULT where a log is over its limit and in no backup, or rows could not be made up for. */
export function tellRecordTroubles(c: CommandContext, { blocked, missedIn }: Round): null {
  for (const { community, log, keep, unsaved } of blocked) {
    const { zh, en } = textOf(`record.log.${log}`);
    const text = textOf('fault.records-need-backup', { log_zh: zh, log_en: en, keep, count: unsaved });
    raiseHubFault(c, { community, signal: 'records', text });
  }
  for (const community of missedIn)
    raiseHubFault(c, { community, signal: 'records', text: textOf('fault.records-missed') });
  return null;
}
