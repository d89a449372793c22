// What a fire-safety archive consists of, as a rule that a site can change: its chapters, which documents belong into each,
// and without what a chapter counts as missing.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';

const closed = { additionalProperties: false } as const;
/** 消防安全基本情况, 消防安全管理情况. */
export const PARTS = ['basic', 'management'] as const;
export type Part = (typeof PARTS)[number];
/** Without what a chapter is missing; `none`: there may be nothing to keep, such as fires. */
export const NEEDS = ['documents', 'records', 'either', 'both', 'none'] as const;
export type Needs = (typeof NEEDS)[number];

const Id = Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' });
const Name = { zh: Type.String({ minLength: 1, maxLength: 60 }), en: Type.String({ minLength: 1, maxLength: 60 }) };
const Chapter = Type.Object(
  {
    /** The hub's own records stand in the chapters whose id it knows; never re-used for another meaning. */
    id: Id,
    ...Name,
    part: Type.Enum([...PARTS]),
    needs: Type.Enum([...NEEDS]),
    kinds: Type.Array(Type.Object({ id: Id, ...Name }, closed), { maxItems: 20 }),
  },
  closed,
);
export type Chapter = Static<typeof Chapter>;

const kind = (id: string, zh: string, en: string): Chapter['kinds'][number] => ({ id, zh, en });
const chapter = (
  part: Part,
  id: string,
  names: readonly [zh: string, en: string],
  needs: Needs,
  ...kinds: Chapter['kinds']
): Chapter => ({ id, zh: names[0], en: names[1], part, needs, kinds });

const BASIC: readonly Chapter[] = [
  chapter(
    'basic',
    'overview',
    ['单位概况与消防安全重点部位', 'The site and its key places'],
    'documents',
    kind('profile', '单位基本概况', 'Description of the site'),
    kind('key-places', '消防安全重点部位', 'Key places'),
  ),
  chapter(
    'basic',
    'approvals',
    ['消防设计审查、验收及检查文件', 'Approvals and acceptance'],
    'documents',
    kind('design', '消防设计审查意见书', 'Approval of the design'),
    kind('acceptance', '消防验收意见书、备案凭证', 'Acceptance'),
    kind('opening', '投入使用前消防安全检查', 'Check before opening'),
  ),
  chapter(
    'basic',
    'organisation',
    ['消防管理组织机构和责任人', 'Organisation and who is responsible'],
    'both',
    kind('chart', '组织机构图', 'Organisation chart'),
    kind('appointment', '任命书、责任书', 'Appointments'),
  ),
  chapter(
    'basic',
    'rules',
    ['消防安全制度与操作规程', 'Rules and operating procedures'],
    'documents',
    kind('rule', '消防安全制度', 'Rule'),
    kind('procedure', '操作规程', 'Operating procedure'),
    kind('maintenance-rule', '维护保养制度', 'Maintenance rule'),
  ),
  chapter(
    'basic',
    'drawings',
    ['图纸', 'Drawings'],
    'either',
    kind('site-plan', '总平面图', 'Site plan'),
    kind('floor-plan', '建筑平面图、疏散图', 'Floor plan, escape routes'),
    kind('system', '消防系统图、设备布置图', 'Systems and equipment'),
  ),
  chapter(
    'basic',
    'equipment',
    ['消防设施与器材', 'Equipment'],
    'records',
    kind('inventory', '设施器材清单', 'Inventory'),
    kind('manual', '产品说明书', 'Manual'),
  ),
  chapter(
    'basic',
    'control-logic',
    ['消防联动控制逻辑', 'Control logic'],
    'documents',
    kind('matrix', '联动逻辑关系表', 'Cause and effect table'),
    kind('note', '联动说明、编码表', 'Explanation, addresses'),
  ),
  chapter(
    'basic',
    'brigade',
    ['志愿消防队（微型消防站）', 'Volunteers and their equipment'],
    'documents',
    kind('roster', '人员名册', 'Roster'),
    kind('gear', '装备配备', 'Equipment'),
  ),
  chapter(
    'basic',
    'posts',
    ['重点工种人员与持证', 'Key posts and certificates'],
    'records',
    kind('certificate', '证书扫描件', 'Scan of a certificate'),
  ),
  chapter(
    'basic',
    'products',
    ['消防产品、防火材料合格证明', 'Product certificates'],
    'none',
    kind('product', '合格证明材料', 'Certificate of a product'),
  ),
  chapter(
    'basic',
    'plans',
    ['灭火和应急疏散预案', 'Emergency plans'],
    'records',
    kind('full-text', '预案全文', 'Full text of a plan'),
  ),
];
const MANAGEMENT: readonly Chapter[] = [
  chapter(
    'management',
    'authority',
    ['消防监督检查与法律文书', 'Inspections and papers of the authority'],
    'none',
    kind('paper', '法律文书', 'Paper'),
  ),
  chapter(
    'management',
    'tests',
    ['消防设施检测报告', 'Test reports'],
    'documents',
    kind('yearly', '年度全面检测报告', 'Yearly test of all installations'),
    kind('contract', '维保合同', 'Maintenance contract'),
  ),
  chapter(
    'management',
    'upkeep',
    ['维修保养记录', 'Repairs and maintenance'],
    'records',
    kind('report', '维保报告', 'Report'),
  ),
  chapter('management', 'hazards', ['火灾隐患及整改', 'Hazards and how they were put right'], 'none'),
  chapter(
    'management',
    'patrols',
    ['防火检查、巡查记录', 'Inspection and patrol'],
    'records',
    kind('sheet', '检查记录表', 'Sheet'),
  ),
  chapter(
    'management',
    'gas-electric',
    ['燃气、电气及防雷防静电检测', 'Tests of gas, electricity, lightning protection'],
    'documents',
    kind('electric', '电气检测报告', 'Electrical test'),
    kind('gas', '燃气检测报告', 'Gas test'),
    kind('lightning', '防雷防静电检测报告', 'Lightning protection test'),
  ),
  chapter(
    'management',
    'training',
    ['消防安全培训记录', 'Training'],
    'records',
    kind('material', '培训材料', 'Material'),
  ),
  chapter('management', 'publicity', ['消防宣传记录', 'Publicity'], 'records'),
  chapter('management', 'drills', ['预案演练记录', 'Drills'], 'records', kind('report', '演练总结', 'Report')),
  chapter('management', 'duty', ['消防控制室值班记录', 'Control-room duty'], 'records'),
  chapter('management', 'alarms', ['报警与处置统计', 'Alarms'], 'none'),
  chapter('management', 'fires', ['火灾情况记录', 'Fires'], 'none', kind('report', '火灾调查材料', 'Report on a fire')),
  chapter(
    'management',
    'rewards',
    ['消防奖惩情况', 'Rewards and penalties'],
    'none',
    kind('decision', '奖惩决定', 'Decision'),
  ),
];

export const CHAPTERS_RULE = ruleSet({
  id: 'archive.chapters',
  version: '2026-1',
  source:
    'Order 61 of the Ministry of Public Security (2001) Art. 41–43 (both parts and their contents); GB 25506-2010 4.1 (drawings, control logic, duty, running state); requirement S4; what counts as missing: own',
  schema: Type.Object({ chapters: Type.Array(Chapter, { minItems: 1, maxItems: 60 }) }, closed),
  value: { chapters: [...BASIC, ...MANAGEMENT] },
});

export const ARCHIVE_LIMITS = {
  /** Files of one document. */
  filesMax: 20,
  listDefault: 50,
  listMax: 200,
  /** Documents of one chapter that its page lists at once. */
  chapterDocumentsMax: 500,
} as const;
