// A device of nothing but registers, each a point of its own: what benches and fault runs put load on a gateway with.
/** The profile's YAML. @param registers holding registers from 0 on */
export const meterProfile = (registers: number): string => `kind: environment
vendor: Fengsui
model: Load meter
name: { zh: 负载表, en: Load meter }
edition: Own
source: test/helpers/meter-profile.ts
evidence: A
modbus:
  addressBase: { holding: 0 }
repeat:
  - over: { reg: [1, ${registers}] }
    points:
      - id: value-{reg}
        name: { zh: '值 {reg}', en: 'Value {reg}' }
        type: uint16
        poll: fast
        modbus: { address: 0, strides: { reg: 1 } }
signals: []
fixtures: [none.json]
`;
