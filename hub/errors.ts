// The one table of expected refusals (DESIGN 4): code, HTTP status, Chinese and English text. A broken invariant
// throws instead. `detail` of a refusal names the field or row; it never carries secrets or another tenant's data.

interface RefusalText {
  readonly status: number;
  readonly zh: string;
  readonly en: string;
}

export const REFUSALS = {
  'not-signed-in': { status: 401, zh: '请先登录', en: 'Sign in first' },
  'wrong-credentials': { status: 401, zh: '用户名或密码不对', en: 'Wrong user name or password' },
  'password-change-required': {
    status: 403,
    zh: '一次性密码只用于首次登录，请先设置自己的密码',
    en: 'A one-time password is for signing in once: set your own first',
  },
  'access-ended': {
    status: 403,
    zh: '该账号的查阅期限已过，如需继续查阅，请联系物业的系统管理员',
    en: 'The time for which this account may look things up is over: ask the administrator of the property company',
  },
  'too-many-tries': { status: 429, zh: '尝试过多，请稍后再试', en: 'Too many tries; wait a while' },
  'too-many-looks': {
    status: 429,
    zh: '24 小时内的查阅次数已达上限，请稍后再查；确需继续，请向物业索取纸质或电子资料',
    en: 'The most that may be looked up in 24 hours is reached: come back later, or ask the property company for the papers',
  },
  'not-allowed': { status: 403, zh: '您的岗位无权执行此操作', en: 'Your role may not do this' },
  'foreign-origin': { status: 403, zh: '来源不受信任', en: 'Request from a foreign origin' },
  'not-qualified': {
    status: 403,
    zh: '当前没有有效值班资格（班次或证书），不能处置报警；报警仍会显示',
    en: 'No valid shift or certificate at this moment: alarms are shown, but not yours to act on',
  },
  'no-certificate': {
    status: 403,
    zh: '没有有效的消防设施操作员证，不能在消防控制室值班',
    en: 'No valid fire-control operator certificate: no control-room duty',
  },
  'not-rostered': { status: 403, zh: '现在没有您的班次，不能接班', en: 'You are not rostered now: no taking over' },
  'too-little-rest': {
    status: 403,
    zh: '距上次下班休息时间不足，不能接班',
    en: 'Not rested long enough since your last shift',
  },
  'not-on-duty': { status: 403, zh: '您还没有接班，或已经交班', en: 'You have not taken over, or have handed over' },
  'own-handover': { status: 403, zh: '交班人不能替接班人签字', en: 'Who leaves cannot sign for who comes' },
  'handover-open': {
    status: 409,
    zh: '有交接清单待签字，请先核对清单并签字接班',
    en: 'A hand-over list is waiting: read and sign it to take over',
  },
  'list-too-old': {
    status: 409,
    zh: '交接清单已过时，请交班人重新生成',
    en: 'The hand-over list is too old: prepare it anew',
  },
  'not-found': { status: 404, zh: '没有找到', en: 'Not found' },
  'bad-request': { status: 400, zh: '提交的内容不合要求', en: 'The request does not fit the schema' },
  'too-large': { status: 413, zh: '内容过大', en: 'Too large' },
  'wrong-state': { status: 409, zh: '当前状态不允许此操作', en: 'Not possible in the present state' },
  'already-done': { status: 409, zh: '已经有人做过了', en: 'Already done' },
  conflict: { status: 409, zh: '内容已被他人更改', en: 'Changed by someone else meanwhile' },
  duplicate: { status: 409, zh: '已存在', en: 'Exists already' },
  'key-reused': {
    status: 422,
    zh: '同一幂等键用于不同的请求',
    en: 'The idempotency key was used for a different request',
  },
  'never-shelved': { status: 422, zh: '火警和困人不能搁置', en: 'FIRE and ENTRAPMENT can never be shelved' },
  'note-required': { status: 422, zh: '请填写说明', en: 'A note is required' },
  'photo-required': { status: 422, zh: '请附完工照片', en: 'A photo of the finished work is required' },
  'own-work': { status: 422, zh: '不能验收自己的工作', en: 'Nobody verifies their own work' },
  'still-active': {
    status: 422,
    zh: '设备信号仍在，不能验收；需实测恢复或签署豁免',
    en: 'The device still shows the fault: wait for its return or sign a waiver',
  },
  'release-required': {
    status: 422,
    zh: '未记录人员救出，不能关闭',
    en: 'Cannot close before the release is recorded',
  },
  'service-state-required': {
    status: 422,
    zh: '未记录电梯是停用还是恢复运行，不能关闭',
    en: 'Cannot close before it is recorded whether the lift is stopped or back in service',
  },
  'inspection-required': {
    status: 422,
    zh: '电梯恢复运行须先记录检查人和检查结果',
    en: 'A lift goes back into service only after an inspection: record who inspected it and the result',
  },
  'verdict-required': {
    status: 422,
    zh: '尚未核实真实、误报或测试，不能结束',
    en: 'Cannot end before it is known whether it was real, false or a test',
  },
  'cause-required': {
    status: 422,
    zh: '误报须先查明并记录原因，才能结束',
    en: 'A false alarm ends only with its cause on record',
  },
  'reason-required': {
    status: 422,
    zh: '有步骤未做，请逐项说明原因后再结束',
    en: 'Steps are missing: give a reason for each before it ends',
  },
  'out-of-range': { status: 422, zh: '数值超出范围', en: 'Value out of range' },
  unavailable: { status: 503, zh: '暂时不可用', en: 'Unavailable for the moment' },
  internal: { status: 500, zh: '内部错误，已记录', en: 'Internal error, recorded' },
} as const satisfies Record<string, RefusalText>;

export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly detail?: string;
}
export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (code: RefusalCode, detail?: string): Refusal =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail };
