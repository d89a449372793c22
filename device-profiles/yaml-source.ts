// Reads YAML so that every problem can name its line: syntax, size, and the place of any value in the document.
import { LineCounter, isCollection, isMap, isNode, isPair, isScalar, parseDocument, type Document } from 'yaml';
import { ConfigError, formatPath, type Path, type Problem } from './config-error.ts';

/** Largest profile or site file, bytes. A site of 1,000 devices needs about 200 kB. */
export const YAML_BYTES_MAX = 8 * 1024 * 1024;
/** Deepest nesting of maps and lists. */
export const YAML_DEPTH_MAX = 40;

/** A parsed file and where its parts stand. */
export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** A problem at this path, or at the nearest part of it that exists. */
  problem(path: Path, message: string): Problem;
}

/**
 * Parses one YAML 1.2 document (core schema). Aliases, custom tags and repeated keys are refused: what is written is
 * what is meant.
 * @throws ConfigError with every syntax error of the file.
 */
export function parseYaml(file: string, text: string): YamlSource {
  if (Buffer.byteLength(text) > YAML_BYTES_MAX)
    throw new ConfigError([{ file, path: '', message: `larger than ${YAML_BYTES_MAX} bytes` }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    throw new ConfigError(broken.map((e) => ({ file, ...at(e.pos[0]), path: '', message: `not YAML: ${e.message}` })));
  if (depthOf(document.contents) > YAML_DEPTH_MAX)
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: `nested deeper than ${YAML_DEPTH_MAX}` }]);
  return {
    file,
    value: toValue(document, file),
    problem: (path, message) => {
      const offset = offsetOf(document, path);
      return { file, ...(offset === undefined ? {} : at(offset)), path: formatPath(path), message };
    },
  };
}

function depthOf(root: unknown): number {
  let deepest = 0;
  const open: { node: unknown; depth: number }[] = [{ node: root, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    deepest = Math.max(deepest, next.depth);
    if (deepest > YAML_DEPTH_MAX) return deepest;
    if (!isCollection(next.node)) continue;
    for (const item of next.node.items) open.push({ node: isPair(item) ? item.value : item, depth: next.depth + 1 });
  }
  return deepest;
}

function toValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: `not usable YAML: ${message}` }]);
  }
}

/** Offset of the key (in a map) or item (in a list) that `path` leads to, or of the deepest part that exists. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === String(step));
      if (!pair) return offset;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isCollection(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return offset;
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
