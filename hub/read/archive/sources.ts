// The hub's own records as chapters of the fire-safety archive: one SELECT each, all of one shape, so that paging, search,
// paper and screen are written once.

/** How a cell is put into words. */
export type As =
  | 'text'
  /** A moment: as the site's clocks show it. */
  | 'time'
  /** YYYY-MM-DD. */
  | 'day'
  /** `{zh, en}`. */
  | 'words'
  /** A code: the screens' words under this beginning. */
  | { readonly codes: string };

export interface Column {
  /** Of its title: `archive.column.…`; `where` stands for building, floor and place of the row. */
  readonly key: string;
  /** Share of the page's breadth on paper. */
  readonly share: number;
  readonly as?: As;
  /** Not for the committee: it looks on the work, not into people's papers. */
  readonly staffOnly?: true;
}

export interface Source {
  /** After the building, floor and place. */
  readonly columns: readonly Column[];
  /** Whether rows say where. */
  readonly placed: boolean;
  /** Address of a row's own screen, before its id; absent: it has none. */
  readonly link?: string;
  /**
   * Rows of the community $1: id, link, at, building, floor, place, files (SHA-256, hex), cells (a JSON array in the
   * order of the columns).
   */
  readonly sql: string;
}

const NOWHERE = 'null::text as building, null::integer as floor, null::text as place';
const NO_FILES = `'{}'::text[] as files`;
const col = (key: string, share: number, as: As = 'text'): Column => ({ key, share, as });
const codes = (prefix: string): As => ({ codes: prefix });

/** Roles that stand in the organisation of fire safety. */
const RESPONSIBLE = `('manager', 'supervisor', 'operator', 'inspector', 'technician', 'guard')`;

export const SOURCES: Readonly<Record<string, Source>> = {
  organisation: {
    columns: [col('name', 3), col('role', 3, codes('ui.role.')), col('since', 3, 'time')],
    placed: false,
    sql: `select p.id, p.id as link, p.created_at as at, ${NOWHERE}, ${NO_FILES},
        jsonb_build_array(p.name, p.role, p.created_at) as cells
      from staff.person p where p.community = $1 and p.active and p.role in ${RESPONSIBLE}`,
  },
  drawings: {
    columns: [col('edition', 1), col('note', 4), col('person', 2), col('entered', 2, 'time')],
    placed: true,
    link: '/plans/',
    sql: `select d.building || '/' || d.floor as id, d.building || '/' || d.floor as link, d.added_at as at, d.building,
        d.floor, null::text as place, array[d.sha256] as files,
        jsonb_build_array(d.version::text, d.note, d.added_by_name, d.added_at) as cells
      from floor_plans.drawing d
      where d.community = $1 and d.version = (select max(o.version) from floor_plans.drawing o
        where o.community = d.community and o.building = d.building and o.floor = d.floor)`,
  },
  equipment: {
    columns: [
      col('device', 3, 'words'),
      col('kind', 2, codes('ui.kind.')),
      col('model', 3),
      col('standing', 2, codes('archive.standing.')),
    ],
    placed: true,
    link: '/devices/',
    sql: `select d.id, d.id as link, d.first_at as at, d.building, d.floor, d.place, ${NO_FILES},
        jsonb_build_array(d.name, d.kind, concat_ws(' ', nullif(d.vendor, ''), nullif(d.model, '')),
          case when d.removed_at is not null then 'removed'
            when exists (select 1 from alarms.alarm a where a.device = d.id and a.state <> 'normal') then 'alarm'
            when exists (select 1 from equipment.point p where p.device = d.id and p.removed_at is null and p.proved_at is null) then 'unproved'
            else 'normal' end) as cells
      from equipment.device d where d.community = $1 and d.removed_at is null`,
  },
  posts: {
    columns: [
      col('name', 2),
      col('role', 2, codes('ui.role.')),
      col('certificate', 3, codes('ui.certificate.')),
      { key: 'number', share: 3, staffOnly: true },
      col('valid-until', 2, 'day'),
      col('standing', 2, codes('archive.certificate.')),
    ],
    placed: false,
    sql: `select c.id, p.id as link, c.created_at as at, ${NOWHERE}, ${NO_FILES},
        jsonb_build_array(p.name, p.role, c.kind, c.no, c.expires::text,
          case when c.revoked_at is not null then 'revoked'
            when c.expires < (now() at time zone m.time_zone)::date then 'expired' else 'valid' end) as cells
      from staff.certificate c join staff.person p on p.id = c.person
        join property.community m on m.id = p.community
      where p.community = $1 and p.active`,
  },
  plans: {
    columns: [col('title', 4), col('kind', 2), col('edition', 1), col('approved-by', 2), col('since', 2, 'time')],
    placed: true,
    link: '/emergency/plans/',
    sql: `select v.id, v.id as link, coalesce(v.in_force_at, v.written_at) as at, p.building, null::integer as floor,
        null::text as place,
        array(select f ->> 'file' from jsonb_array_elements(v.body -> 'documents') f) as files,
        jsonb_build_array(v.body ->> 'title', p.kind, v.number::text, v.approved_by_name, v.in_force_at) as cells
      from plans.version v join plans.plan p on p.id = v.plan where v.community = $1 and v.state = 'in-force'`,
  },
  authority: {
    columns: [
      col('number', 2),
      col('kind', 2, codes('ui.authority.kind.')),
      col('body', 3),
      col('time', 2, 'time'),
      col('summary', 5),
      col('papers', 3),
      col('open-items', 1),
    ],
    placed: false,
    link: '/authority/',
    sql: `select v.id, v.id as link, v.at, ${NOWHERE},
        array(select f from fire_safety.notice n, unnest(n.files) f where n.visit = v.id) as files,
        jsonb_build_array(v.number, v.kind, v.authority || ' ' || v.inspectors, v.at, v.summary,
          (select string_agg(n.number, '、' order by n.issued_at) from fire_safety.notice n where n.visit = v.id),
          (select count(*) filter (where r.state <> 'accepted') || '/' || count(*) from fire_safety.rectification r
             join fire_safety.notice n on n.id = r.notice where n.visit = v.id)) as cells
      from fire_safety.visit v where v.community = $1`,
  },
  upkeep: {
    columns: [
      col('number', 2),
      col('subject', 4, 'words'),
      col('state', 1.4, codes('ui.order.state.')),
      col('person', 1.6),
      col('opened', 2, 'time'),
      col('closed', 2, 'time'),
      col('result', 3),
    ],
    placed: true,
    link: '/orders/',
    sql: `select o.id, o.id as link, o.opened_at as at, o.building, o.floor, o.place, ${NO_FILES},
        jsonb_build_array(o.number, o.title, o.state, o.assignee_name, o.opened_at, o.closed_at, o.result) as cells
      from work_orders.work_order o where o.community = $1`,
  },
  hazards: {
    columns: [
      col('number', 2),
      col('kind', 3, 'words'),
      col('grade', 1.5, codes('ui.hazard.grade.')),
      col('state', 1.5, codes('ui.hazard.state.')),
      col('found', 4),
      col('reported', 2, 'time'),
      col('person', 1.6),
      col('deadline', 2, 'time'),
      col('cleared', 2, 'time'),
    ],
    placed: true,
    link: '/hazards/',
    sql: `select h.id, h.id as link, h.reported_at as at, h.building, h.floor, h.place, ${NO_FILES},
        jsonb_build_array(h.number, h.kind_name, h.grade, h.state, h.description, h.reported_at, h.responsible_name,
          h.deadline, h.cleared_at) as cells
      from fire_safety.hazard h where h.community = $1`,
  },
  patrols: {
    columns: [
      col('time', 2, 'time'),
      col('item', 3),
      col('outcome', 1.5, codes('ui.check.')),
      col('reading', 1.5),
      col('note', 4),
      col('person', 1.6),
    ],
    placed: true,
    sql: `select k.id, k.id as link, k.at, k.building, k.floor, k.place, k.photos as files,
        jsonb_build_array(k.at, k.item, k.outcome, concat_ws(' ', k.value::text, k.unit),
          concat_ws(' ', nullif(k.note, ''), k.waiver), k.by_name) as cells
      from inspections.check k where k.community = $1`,
  },
  training: {
    columns: [
      col('number', 2),
      col('time', 2, 'time'),
      col('subject', 4),
      col('audience', 1.2, codes('ui.training.audience.')),
      col('trainer', 3),
      col('attended', 1.4),
      col('passed', 1.2),
      col('state', 1.4, codes('ui.training.state.')),
      col('summary', 4),
    ],
    placed: false,
    link: '/training/',
    sql: `select t.id, t.id as link, t.at, ${NOWHERE}, t.files,
        jsonb_build_array(t.number, t.at, t.topic, t.audience, t.trainer,
          case when t.audience = 'staff' then (select count(*)::text from fire_safety.trainee e where e.training = t.id)
            else (select count(*) || ' / ' || coalesce(sum(h.people), 0) from fire_safety.household h where h.training = t.id)
          end,
          case when t.pass_score is not null then (select count(distinct r.person)::text
            from fire_safety.training_result r where r.training = t.id and r.passed) end,
          t.state, t.summary) as cells
      from fire_safety.training t where t.community = $1`,
  },
  publicity: {
    columns: [
      col('number', 2),
      col('subject', 4),
      col('kind', 2, codes('ui.publicity.kind.')),
      col('where', 3),
      col('from', 2, 'time'),
      col('until', 2, 'time'),
      col('person', 1.6),
      col('note', 3),
    ],
    placed: false,
    sql: `select p.id, p.id as link, p.from_at as at, ${NOWHERE}, p.photos || p.files as files,
        jsonb_build_array(p.number, p.activity, p.kind, p.place, p.from_at, p.until_at, p.by_name,
          concat_ws(' ', p.material, nullif(p.reason, ''))) as cells
      from fire_safety.publicity p where p.community = $1`,
  },
  drills: {
    columns: [
      col('subject', 4),
      col('state', 1.4, codes('ui.drill.state.')),
      col('time', 2, 'time'),
      col('attended', 1.2),
      col('findings', 1.2),
      col('report', 5),
    ],
    placed: true,
    link: '/emergency/drills/',
    sql: `select d.id, d.id as link, coalesce(d.started_at, d.due_at) as at, d.building, null::integer as floor,
        null::text as place, ${NO_FILES},
        jsonb_build_array(coalesce((select v.body ->> 'title' from plans.version v where v.plan = d.plan
            order by (v.state = 'in-force') desc, v.number desc limit 1), p.kind),
          d.state, coalesce(d.started_at, d.due_at),
          (select count(*)::text from plans.attendance a where a.drill = d.id),
          (select count(*)::text from plans.finding f where f.drill = d.id), d.report) as cells
      from plans.drill d join plans.plan p on p.id = d.plan where d.community = $1`,
  },
  duty: {
    columns: [col('from', 2, 'time'), col('until', 2, 'time'), col('people', 4), col('entries', 1.2)],
    placed: false,
    sql: `select s.id, s.id as link, s.starts_at as at, ${NOWHERE}, ${NO_FILES},
        jsonb_build_array(s.starts_at, s.ends_at,
          (select string_agg(p.name, '、' order by p.name) from duty.shift_person w join staff.person p on p.id = w.person
             where w.shift = s.id),
          (select count(*)::text from duty.record r where r.shift = s.id and r.kind = 'entry')) as cells
      from duty.shift s where s.community = $1 and s.kind = 'control-room'`,
  },
  alarms: {
    columns: [
      col('month', 2),
      col('class', 2, codes('ui.class.')),
      col('count', 1.5),
      col('open', 1.5),
      col('drill', 1.5),
    ],
    placed: false,
    sql: `select x.month || '.' || x.class as id, x.month as link, x.at, ${NOWHERE}, ${NO_FILES},
        jsonb_build_array(x.month, x.class, x.all::text, x.open::text, x.drill::text) as cells
      from (select to_char(date_trunc('month', a.raised_at at time zone m.time_zone), 'YYYY-MM') as month, a.class,
          date_trunc('month', a.raised_at at time zone m.time_zone) at time zone m.time_zone as at,
          count(*) as all, count(*) filter (where a.state <> 'normal') as open,
          count(*) filter (where a.raised_mode is not null) as drill
        from alarms.alarm a join property.community m on m.id = a.community where a.community = $1
        group by 1, 2, 3) x`,
  },
  fires: {
    columns: [
      col('time', 2, 'time'),
      col('subject', 4, 'words'),
      col('result', 1.5, codes('ui.verdict.')),
      col('cause', 2),
      col('closed', 2, 'time'),
    ],
    placed: true,
    link: '/fires/',
    sql: `select f.id::text, f.id::text as link, f.opened_at as at, f.building, f.floor, f.place, ${NO_FILES},
        jsonb_build_array(f.opened_at, f.what, f.result, f.cause, f.closed_at) as cells
      from handling.fire f where f.community = $1 and f.mode is null`,
  },
};
