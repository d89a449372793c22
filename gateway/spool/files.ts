// The few disk operations of the spool, each durable when it resolves; an interface, so that faults can be put into it.
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A segment file being written. */
export interface SegmentFile {
  /** Writes all bytes at the position. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  datasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** Creates a file that must not exist. */
  create(path: string): Promise<SegmentFile>;
  read(path: string): Promise<Buffer>;
  /** Makes names created in, or removed from, the directory durable. */
  syncDirectory(dir: string): Promise<void>;
}

export const realDisk: Disk = {
  async create(path) {
    const file = await open(path, 'wx', 0o600);
    return {
      async write(bytes, position) {
        let done = 0;
        while (done < bytes.length) {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
          done += bytesWritten;
        }
      },
      datasync: () => file.datasync(),
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
    };
  },
  read: (path) => readFile(path),
  async syncDirectory(dir) {
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Replaces a file whole: after a crash it holds the old bytes or the new ones. */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  await unlink(draft).catch(ignoreMissing);
  const file = await disk.create(draft);
  try {
    await file.write(bytes, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await disk.syncDirectory(dirname(path));
}

/** Cuts a closed file, durably. */
export async function truncateFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** The system's word for an error (ENOSPC, EIO, …), or its message. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return String(error);
}

export function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
