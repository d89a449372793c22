// The foreign servers that tests meet: each starts on a free port, serves, survives kill -9 where it should, and ends.
import { expect, test } from 'vitest';
import mqtt from 'mqtt';
import { Client } from 'pg';
import { launchBrowser, openPage } from './chromium.ts';
import { startInfluxd } from './influxd.ts';
import { mosquittoPub, startMosquitto } from './mosquitto.ts';
import { describeWith } from './needs.ts';
import { startPostgres } from './postgres.ts';
import { alive } from './processes.ts';
import { nextEvent } from './wait.ts';

describeWith(['mosquitto', 'mosquitto-clients'], 'Mosquitto', () => {
  test('carries a message of mosquitto_pub to a subscriber with a password, and refuses a wrong one', async () => {
    const broker = await startMosquitto({ users: { gw: 'secret' } });
    const client = await mqtt.connectAsync(broker.url, { username: 'gw', password: 'secret' });
    await client.subscribeAsync('a/b', { qos: 1 });
    const heard = nextEvent(client, 'message', { what: 'the message of mosquitto_pub' });
    const options = { port: broker.port, topic: 'a/b', user: 'gw' };
    await mosquittoPub({ ...options, password: 'secret' }, '困人');
    const [topic, payload] = await heard;
    expect([topic, String(payload)]).toEqual(['a/b', '困人']);
    await expect(mosquittoPub({ ...options, password: 'wrong' }, 'x')).rejects.toThrow(/not authori[sz]ed/i);
    await client.endAsync(true);
    await broker.kill();
    expect(alive(broker.pid)).toBe(false);
    await broker.restart();
    expect(alive(broker.pid)).toBe(true);
  });
});

describeWith(['influxdb'], 'InfluxDB 1.x', () => {
  test('keeps what it acknowledged through kill -9', async () => {
    const influx = await startInfluxd();
    await influx.write(['water-main,point=p num=0.35 1000000000']);
    await expect(influx.write(['water-main,point=p num="text" 2000000000'])).rejects.toThrow('field type conflict');
    await influx.kill();
    await influx.restart();
    expect(await influx.query('SELECT num FROM "water-main"')).toMatchObject({
      results: [{ series: [{ values: [['1970-01-01T00:00:01Z', 0.35]] }] }],
    });
  });
});

describeWith(['postgresql'], 'PostgreSQL', () => {
  test('runs also for root, and keeps what it committed through kill -9', async () => {
    const server = await startPostgres();
    const connect = async (): Promise<Client> => {
      const client = new Client({ connectionString: server.url });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    const before = await connect();
    await before.query('create table t (v text)');
    await before.query("insert into t values ('消防')");
    await server.kill();
    await server.restart();
    const after = await connect();
    expect((await after.query('select v from t')).rows).toEqual([{ v: '消防' }]);
    await after.end();
    expect(await server.createDatabase('other')).toContain('/other');
  });
});

describeWith(['chromium', 'cjk-font'], 'Chromium', () => {
  test('renders Chinese with a font that has it', async () => {
    const page = await openPage(await launchBrowser());
    expect(await page.evaluate('navigator.language')).toBe('zh-CN');
    // Without a font every unknown character is the same box.
    const drawn = (text: string): Promise<unknown> =>
      page.evaluate(
        `(() => { const c = document.createElement('canvas').getContext('2d'); c.font = '24px sans-serif';
          c.fillText('${text}', 0, 30); return c.canvas.toDataURL(); })()`,
      );
    const [fire, guard, private1, private2] = await Promise.all(['消', '防', '\uf8fe', '\uf8ff'].map(drawn));
    expect(fire).not.toBe(guard);
    expect(private1).toBe(private2);
  });
});
