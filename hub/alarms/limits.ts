// Named maximums of acts on alarms (hard rule 10).
export const ALARM_LIMITS = {
  /** Alarms that one command may acknowledge. They are locked together, so that T1 waits for them at most once. */
  ackManyMax: 200,
} as const;
