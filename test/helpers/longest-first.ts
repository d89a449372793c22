// The order of test files: those that wait for whole processes and browsers begin first. Vitest knows the durations of an
// earlier run only where its cache survived; on a fresh machine the longest file would begin among the last and the
// other workers would stand idle until it ended.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders in the order in which their files begin; all others follow in vitest's own order. */
const FIRST = ['/test/faults/', '/test/e2e/screens/', '/test/e2e/'];

const turn = (file: string): number => {
  const at = FIRST.findIndex((folder) => file.includes(folder));
  return at === -1 ? FIRST.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => turn(a.moduleId) - turn(b.moduleId));
  }
}
