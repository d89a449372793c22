// What must not stand in the repository's texts: places of one machine, foreign registries, loose ends.
export interface Banned {
  readonly what: string;
  readonly pattern: RegExp;
  /** Files in which it has a reason to stand. */
  readonly except?: RegExp;
}

// Built from parts, so that this file doesn't hold what it bans.
const word = (...parts: readonly string[]): string => parts.join('');

const TESTS = /^test\//;

export const BANNED: readonly Banned[] = [
  { what: 'a folder of one machine', pattern: new RegExp(`(?<![\\w.$}-])/${word('wo', 'rk')}/`) },
  {
    what: 'a temporary folder by name',
    pattern: new RegExp(`(?<![\\w.$}-])/${word('tm', 'p')}/[A-Za-z0-9]`),
    // Paths in it are a container's own.
    except: /^compose\.yaml$/,
  },
  {
    what: "somebody's home folder",
    pattern: new RegExp(`(?<![\\w.$}:-])/(${word('ro', 'ot')}|${word('ho', 'me')}/[a-z])/`),
  },
  {
    what: 'a package registry',
    pattern: new RegExp(
      `https?://[^\\s"']*(${word('regis', 'try')}|${word('artifac', 'tory')}|${word('npm', 'mirror')})`,
      'i',
    ),
  },
  {
    what: 'work left for later',
    pattern: new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('XX', 'X')}|${word('HA', 'CK')})\\b`),
  },
  {
    what: 'a way past the compiler',
    pattern: new RegExp(`@ts-${word('ig', 'nore')}|@ts-${word('expect', '-error')}|@ts-${word('no', 'check')}`),
  },
  {
    what: 'a way past the linter',
    pattern: new RegExp(`(eslint|oxlint)-${word('dis', 'able')}|prettier-${word('ig', 'nore')}`),
  },
  {
    what: 'a test that keeps others from running',
    pattern: new RegExp(`\\b(test|it|describe)\\.${word('on', 'ly')}\\(`),
    except: /^(?!test\/)/,
  },
  {
    what: 'a sleep as synchronisation',
    pattern: new RegExp(`setTimeout\\((resolve|r|done), \\d{3,}\\)|\\bsleep\\(\\d`),
    except: /^(?!test\/)/,
  },
];

/** Texts that are ours to word; what machines write or others published is not. */
export const isOurText = (path: string): boolean =>
  /\.(ts|svelte|css|html|json|ya?ml|md|py|sh|service|conf)$|^\.ci\/run$|^\.[a-z]+rc/.test(path) &&
  path !== 'package-lock.json' &&
  !path.startsWith('test/fixtures/');

export const isTest = (path: string): boolean => TESTS.test(path);
