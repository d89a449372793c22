// One MQTT message of a device to readings of its points: codec, identity, decoding, times. Pure.
import type { DeviceModel, MqttCodec } from '../../device-profiles/contract/profile.ts';
import type { Reading } from '../drivers/driver.ts';
import { decodeFields } from '../decode.ts';
import { asHistory, withSourceTime } from '../normalise.ts';
import type { Codec } from './codec.ts';
import { decodeJson } from './json.ts';
import { decodeMeokon } from './meokon-v3-hex.ts';

const CODECS: Readonly<Record<MqttCodec, Codec>> = { json: decodeJson, 'meokon-v3-hex': decodeMeokon };

export interface MessageReadings {
  /** Oldest first: records sent late, then the present values. */
  readonly readings: readonly Reading[];
  /** Why the message was not taken, for log and counter. The readings, if any, say it of the points. */
  readonly refused?: string;
  /** Late records left out because their time can't be true. */
  readonly undated: number;
}

/**
 * Reads one message of the device with this model and these variables.
 *
 * A payload that is not what the codec says makes every message point of the device bad (`payload`). A message that
 * names another device, or that is no report of values, yields no reading at all.
 * @throws RangeError when the model is not of a device that speaks MQTT.
 */
export function readMessage(
  model: DeviceModel,
  vars: Readonly<Record<string, string>>,
  payload: Uint8Array,
  receivedTime: number,
): MessageReadings {
  const { mqtt } = model;
  if (!mqtt) throw new RangeError(`profile ${model.profile} has no mqtt section`);
  const { message, ...result } = CODECS[mqtt.codec](payload, mqtt);
  if (!message) {
    const refused = 'detail' in result ? `${mqtt.codec}: ${result.detail}` : mqtt.codec;
    return { readings: result.fault === 'broken' ? allBad(model) : [], refused, undated: 0 };
  }
  if (mqtt.identity) {
    const own = Object.hasOwn(vars, mqtt.identity.var) ? vars[mqtt.identity.var] : undefined;
    if (message.identity !== own) {
      const said = message.identity === undefined ? 'no identity' : 'the identity of another device';
      return { readings: [], refused: `${mqtt.codec}: ${said} in ${mqtt.identity.field}`, undated: 0 };
    }
  }
  const readings: Reading[] = [];
  let undated = 0;
  for (const record of message.records) {
    const past = asHistory(decodeFields(model, record.fields, 'skip'), record.time, receivedTime);
    if (past) readings.push(...past);
    else undated++;
  }
  const absent = mqtt.codec === 'json' && mqtt.partial !== true ? 'missing' : 'skip';
  readings.push(...withSourceTime(decodeFields(model, message.fields, absent), message.time, receivedTime));
  return { readings, undated };
}

const allBad = (model: DeviceModel): Reading[] =>
  model.points.flatMap((p, point) =>
    p.field === undefined ? [] : [{ point, value: null, quality: 'bad' as const, reason: 'payload' as const }],
  );
