// Settings: defaults, every mistake named at once, and no secret in any message.
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, SETTINGS, settingsHelp } from '../../hub/config.ts';

const mistakes = (env: Record<string, string>): string => {
  try {
    readConfig(env);
    return 'none';
  } catch (error) {
    return error instanceof ConfigError ? error.message : 'another error';
  }
};

describe('settings', () => {
  test('have defaults that reach nobody outside this machine', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      httpPort: 8080,
      mqttPort: 1883,
      dataDir: resolve('data'),
      origins: [],
      trustProxy: [],
    });
  });

  test('an empty one counts as not given', () => {
    expect(readConfig({ DATABASE_URL: '', FENGSUI_ADMIN_PASSWORD: '' })).not.toHaveProperty('databaseUrl');
  });

  test('all mistakes are told at once, by name, without the value of a secret', () => {
    const text = mistakes({
      HTTP_PORT: '80 80',
      MQTT_PORT: '70000',
      DATABASE_URL: 'mysql://u:hunter2@h/d',
      MQTT_URL: 'hunter2',
      FENGSUI_ORIGINS: 'https://ok.example nonsense',
      LOG_LEVEL: 'loud',
      FENGSUI_COMMUNITY: 'A B',
    });
    const named = text.split('\n').map((line) => line.split(':')[0]);
    const wrong = [
      'DATABASE_URL',
      'FENGSUI_COMMUNITY',
      'FENGSUI_ORIGINS',
      'HTTP_PORT',
      'LOG_LEVEL',
      'MQTT_PORT',
      'MQTT_URL',
    ];
    expect(named.toSorted()).toEqual(wrong);
    expect(text).not.toContain('hunter2');
  });

  test('origins are kept as browsers send them', () => {
    expect(readConfig({ FENGSUI_ORIGINS: 'https://Hub.Example:443/ http://x:81/path' }).origins).toEqual([
      'https://hub.example',
      'http://x:81',
    ]);
  });

  test('every one is in the help, and no default is a secret', () => {
    const help = settingsHelp();
    for (const { name } of SETTINGS) expect(help).toContain(name);
    expect(SETTINGS.filter((s) => s.secret === true && s.default !== undefined)).toEqual([]);
  });
});
