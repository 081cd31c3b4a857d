// Editing a dashboard on its page: e toggles it, panels are moved and resized
// by mouse and keys, and nothing is kept until Ctrl S.
import { all, icon, make, one, toast, typing } from './_dom';
import { changed } from './_dashload';
import { addQuery, fillHead, fillPanel, readHead, readPanel } from './_dashform';
import { bottom, columns, find, fit, freeID, settle, type Dashboard, type Panel, type Row } from './_dashmodel';
import { addRow, arrange, beyond, filed, gridOf, keyRows, rowOf, toRow, type Desk } from './_dashrows';
import { htmx } from './_swap';

let model: Dashboard | null = null;
let before: string[] = []; // what Ctrl Z brings back, oldest first
let dirty = false;
let editing = false;

const file = (): HTMLElement | null => one('#dash-file');
const dialog = (id: string): HTMLDialogElement | null => one<HTMLDialogElement>('#' + id);

function load(): Dashboard | null {
  if (!model && file()) {
    model = JSON.parse(file()?.dataset['json'] ?? '') as Dashboard;
    keyRows(model);
  }
  return model;
}

const desk: Desk = { model: () => model, change, lay, add: (row) => void add(row) };

/** Remembers how it was, before a change. */
function change(): void {
  if (!model) return;
  before.push(JSON.stringify(model));
  if (before.length > 50) before.shift();
  dirty = true;
}

function toggle(on = !editing): void {
  if (!load()) return;
  if (!on && dirty) return ask();
  editing = on;
  const page = one('#dash');
  page?.classList.toggle('editing', on);
  // a refresh waits while something is being changed
  if (page) on ? (page.dataset['busy'] = '') : delete page.dataset['busy'];
  const button = one('[data-act="dash-edit"]');
  button?.classList.toggle('on', on);
  button?.setAttribute('aria-pressed', String(on));
  const label = one('.edl', button ?? document);
  if (label) label.textContent = on ? 'Editing' : 'Edit';
  all('#dash .dp').forEach(dress);
  arrange(desk, on);
}

/** Says that something is not saved, and lets the reader decide. */
function ask(): void {
  const box = one('#toasts');
  if (!box || one('#dash-unsaved')) return;
  const save = make('button', 'btn sm primary', 'Save');
  const drop = make('button', 'btn sm', 'Drop it');
  const el = make('div', 'toast', make('span', 'dot warn'), make('span', 'grow', 'There are changes that are not saved.'), save, drop);
  el.id = 'dash-unsaved';
  save.addEventListener('click', () => void keep());
  drop.addEventListener('click', () => {
    dirty = false;
    location.assign(location.pathname + location.search.replace(/([?&])edit=1&?/, '$1'));
  });
  box.prepend(el);
}

/** Gives a panel its handles, or takes them away. */
function dress(panel: HTMLElement): void {
  panel.querySelectorAll('.edh').forEach((el) => el.remove());
  if (!editing) return panel.removeAttribute('tabindex');
  panel.tabIndex = 0;
  const button = (act: string, name: string, title: string): HTMLElement => {
    const b = make('button', 'btn sm ghost icon edh', icon(name));
    b.setAttribute('type', 'button');
    b.title = title;
    b.setAttribute('aria-label', title);
    b.dataset['act'] = act;
    return b;
  };
  const grip = make('span', 't-3 edh grip', icon('grip'));
  grip.title = 'Drag to move';
  const head = one('header', panel);
  head?.prepend(grip);
  head?.append(button('dash-panel', 'gear', 'Edit panel'), button('dash-double', 'copy', 'Duplicate'), button('dash-drop', 'x', 'Remove'));
  const corner = make('i', 'rz edh');
  corner.title = 'Drag to resize';
  panel.append(corner);
}

const idOf = (panel: Element | null | undefined): number => Number(panel?.closest<HTMLElement>('.dp')?.dataset['panel'] ?? 0);
const elementsOf = (id: number): HTMLElement[] => all(`#dash .dp[data-panel="${id}"]`);

/** Puts the elements of a row where its panels lie. */
function lay(row: Row): void {
  for (const p of row.panels) {
    for (const el of elementsOf(p.id)) {
      el.style.setProperty('--x', String(p.place.x + 1));
      el.style.setProperty('--y', String(p.place.y + 1));
      el.style.setProperty('--w', String(p.place.w));
      el.style.setProperty('--hh', String(p.place.h));
    }
  }
}

/** Asks the appliance to draw a panel that is not saved; gives what is wrong, or nothing. */
async function preview(id: number): Promise<string> {
  const at = model && find(model, id);
  if (!model || !at) return '';
  const answer = await fetch(`${file()?.dataset['base']}/preview${location.search}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'HX-Request': 'true' },
    body: JSON.stringify({ panel: String(id), dashboard: filed(model) }),
  });
  const text = await answer.text();
  if (!answer.ok) return text.trim();
  const next = new DOMParser().parseFromString(text, 'text/html').querySelector<HTMLElement>('.dp');
  if (!next) return 'The panel could not be drawn.';
  const shown = document.importNode(next, true);
  const old = elementsOf(id)[0];
  if (old) old.replaceWith(shown);
  else gridOf(at.row)?.append(shown);
  htmx()?.process(shown);
  dress(shown);
  lay(at.row);
  changed(shown);
  return '';
}

/** Moves or resizes a panel by columns and units. */
function nudge(id: number, by: { x?: number; y?: number; w?: number; h?: number }): void {
  const at = model && find(model, id);
  if (!at || !model) return;
  change();
  const next = by.y && beyond(model, id, by.y);
  if (next) {
    toRow(desk, id, next.row, next.y);
    settle(next.row);
    lay(next.row);
    elementsOf(id)[0]?.focus();
    return;
  }
  const p = at.panel.place;
  at.panel.place = fit({ x: p.x + (by.x ?? 0), y: p.y + (by.y ?? 0), w: p.w + (by.w ?? 0), h: p.h + (by.h ?? 0) });
  settle(at.row, at.panel);
  settle(at.row);
  lay(at.row);
  if (by.h || by.w) void redraw(id);
}

let redrawing = 0;
/** A plot has its height from the appliance: it is drawn anew once a resize rests. */
function redraw(id: number): Promise<void> {
  clearTimeout(redrawing);
  return new Promise((done) => {
    redrawing = window.setTimeout(() => {
      const focused = elementsOf(id).includes(document.activeElement as HTMLElement);
      void preview(id).then(() => {
        if (focused) elementsOf(id)[0]?.focus();
        done();
      });
    }, 300);
  });
}

/** Where the rows lie when a drag begins, on the page: they move while it goes on. */
function shelves(): (y: number) => HTMLElement | undefined {
  const places = all('#dash .dg').map((grid) => ({ grid, box: grid.getBoundingClientRect() }));
  const from = scrollY;
  return (y) => places.find(({ box }) => y + scrollY >= box.top + from && y + scrollY <= box.bottom + from)?.grid;
}

/** Follows the pointer from a grip or a corner; a panel may be let go over another row. */
function drag(e: PointerEvent, panel: HTMLElement, resize: boolean): void {
  const at = model && find(model, idOf(panel));
  const grid = panel.closest<HTMLElement>('.dg');
  if (!model || !at || !grid || innerWidth <= 1100) return;
  e.preventDefault();
  change();
  const start = { ...at.panel.place };
  const wide = (grid.clientWidth + 12) / columns;
  const shelf = shelves();
  const end = bottom({ panels: at.row.panels.filter((p) => p !== at.panel) });
  let into: HTMLElement | undefined;
  panel.setPointerCapture(e.pointerId);
  panel.classList.add('moving');
  const stop = new AbortController();
  const aim = (next?: HTMLElement): void => {
    into?.classList.remove('into');
    into = next;
    into?.classList.add('into');
  };
  panel.addEventListener('pointermove', (m) => {
    const x = Math.round((m.clientX - e.clientX) / wide);
    const y = Math.round((m.clientY - e.clientY) / 38);
    const over = resize ? undefined : shelf(m.clientY);
    aim(over === grid ? undefined : over);
    if (resize) at.panel.place = fit({ ...start, w: start.w + x, h: start.h + y });
    else at.panel.place = into ? { ...start, x: fit({ ...start, x: start.x + x }).x } : fit({ ...start, x: start.x + x, y: Math.min(start.y + y, end) });
    settle(at.row, at.panel);
    lay(at.row);
  }, { signal: stop.signal });
  const done = (m: PointerEvent): void => {
    stop.abort();
    panel.classList.remove('moving');
    const row = model ? rowOf(model, into) : undefined;
    const top = into ? Math.round((m.clientY - into.getBoundingClientRect().top) / 38) : 0;
    aim();
    toRow(desk, at.panel.id, row, Math.max(top, 0));
    settle(row ?? at.row);
    lay(row ?? at.row);
    if (resize) void redraw(at.panel.id);
  };
  panel.addEventListener('pointerup', done, { signal: stop.signal });
  panel.addEventListener('pointercancel', done, { signal: stop.signal });
}

/** Opens the form of a panel; fresh ones go away again when the form is left without Done. */
function openForm(id: number): void {
  const at = model && find(model, id);
  const box = dialog('dash-form');
  if (!at || !box) return;
  fillPanel(box, at.panel);
  box.dataset['panel'] = String(id);
  box.toggleAttribute('data-text', at.panel.kind === 'text');
  const problem = one('.dproblem', box);
  if (problem) problem.textContent = '';
  box.showModal();
}

async function formDone(box: HTMLDialogElement): Promise<void> {
  const id = Number(box.dataset['panel']);
  const at = model && find(model, id);
  const problem = one('.dproblem', box);
  if (!at || !problem) return box.close();
  const was = JSON.stringify(at.panel);
  change();
  const tried = JSON.parse(was) as Panel;
  let wrong = readPanel(box, tried);
  if (!wrong) {
    Object.keys(at.panel).forEach((k) => delete at.panel[k]);
    Object.assign(at.panel, tried);
    wrong = await preview(id);
  }
  problem.textContent = wrong;
  if (wrong) {
    Object.keys(at.panel).forEach((k) => delete at.panel[k]);
    Object.assign(at.panel, JSON.parse(was));
    return;
  }
  box.close();
  elementsOf(id)[0]?.focus();
}

async function add(into?: Row): Promise<void> {
  const d = load();
  const row = into ?? d?.rows.at(-1);
  if (!d || !row) return;
  if (!editing) toggle(true);
  change();
  const id = freeID(d);
  row.panels.push({ id, title: 'New panel', kind: 'timeseries', place: { x: 0, y: bottom(row), w: 10, h: 6 } });
  settle(row);
  await preview(id);
  elementsOf(id)[0]?.scrollIntoView({ block: 'nearest' });
  openForm(id);
}

async function double(id: number): Promise<void> {
  const at = model && find(model, id);
  if (!model || !at) return;
  change();
  const copy = JSON.parse(JSON.stringify(at.panel)) as Panel;
  copy.id = freeID(model);
  copy.place.y += copy.place.h;
  at.row.panels.push(copy);
  settle(at.row, copy);
  await preview(copy.id);
  lay(at.row);
  elementsOf(copy.id)[0]?.focus();
}

function drop(id: number): void {
  const at = model && find(model, id);
  if (!at) return;
  change();
  at.row.panels = at.row.panels.filter((p) => p.id !== id);
  elementsOf(id).forEach((el) => el.remove());
  settle(at.row);
  lay(at.row);
  toast('Removed. Ctrl Z brings it back.');
}

/** Takes back the last change. */
async function undo(): Promise<void> {
  const last = before.pop();
  if (!last || !model) return;
  const old = new Map(model.rows.flatMap((r) => r.panels).map((p) => [p.id, JSON.stringify({ ...p, place: 0 })]));
  model = JSON.parse(last) as Dashboard;
  const now = new Set(model.rows.flatMap((r) => r.panels).map((p) => p.id));
  for (const id of old.keys()) if (!now.has(id)) elementsOf(id).forEach((el) => el.remove());
  arrange(desk, editing);
  for (const row of model.rows) {
    for (const p of row.panels) if (old.get(p.id) !== JSON.stringify({ ...p, place: 0 })) await preview(p.id);
    lay(row);
  }
  dirty = before.length > 0;
}

async function keep(): Promise<void> {
  const d = load();
  const at = file();
  if (!d || !at) return;
  const answer = await fetch(at.dataset['base'] ?? '', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ base: Number(at.dataset['version']), note: 'edited', dashboard: filed(d) }),
  });
  const said = (await answer.json().catch(() => ({}))) as { error?: string };
  if (!answer.ok) return toast(said.error ?? 'It could not be saved.', 'warn');
  dirty = false;
  const next = new URL(location.href);
  next.searchParams.delete('edit');
  location.assign(next);
}

const acts: Record<string, (el: HTMLElement) => void> = {
  'dash-edit': () => toggle(),
  'dash-add': () => void add(),
  'dash-row': () => addRow(desk),
  'dash-save': () => void keep(),
  'dash-panel': (el) => openForm(idOf(el)),
  'dash-double': (el) => void double(idOf(el)),
  'dash-drop': (el) => drop(idOf(el)),
  'dash-query': () => addQuery(dialog('dash-form') ?? document.body),
  'dash-close': (el) => el.closest('dialog')?.close(),
  'dash-remove': () => {
    const box = dialog('dash-form');
    box?.close();
    drop(Number(box?.dataset['panel']));
  },
  'dash-settings': () => {
    const box = dialog('dash-head');
    const d = load();
    if (!box || !d) return;
    fillHead(box, d);
    box.showModal();
  },
};

function submitted(e: SubmitEvent): void {
  const box = e.target instanceof Element ? e.target.closest<HTMLDialogElement>('.dform') : null;
  if (!box || !model) return;
  e.preventDefault();
  if (box.id === 'dash-form') return void formDone(box);
  change();
  const wrong = readHead(box, model);
  const problem = one('.dproblem', box);
  if (problem) problem.textContent = wrong;
  if (wrong) return;
  box.close();
  const crumb = one('#crumbs .clip');
  if (crumb) crumb.textContent = model.title;
}

const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keyed(e: KeyboardEvent): void {
  const command = (e.ctrlKey || e.metaKey) && !e.altKey;
  if (command && e.key.toLowerCase() === 's' && file() && (editing || dirty)) {
    e.preventDefault();
    return void keep();
  }
  if (!editing || one('dialog[open]') || typing(e.target)) return;
  if (command && e.key.toLowerCase() === 'z') {
    e.preventDefault();
    return void undo();
  }
  const panel = e.target instanceof HTMLElement && e.target.matches('.dp') ? e.target : null;
  const by = arrows[e.key];
  if (panel && by && !command && !e.altKey) {
    e.preventDefault();
    nudge(idOf(panel), e.shiftKey ? { w: by[0], h: by[1] } : { x: by[0], y: by[1] });
  } else if (panel && e.key === 'Enter') {
    e.preventDefault();
    openForm(idOf(panel));
  } else if (panel && e.key === 'Delete') {
    drop(idOf(panel));
  }
}

export function start(): void {
  document.addEventListener('click', (e) => {
    const el = e.target instanceof Element ? e.target.closest<HTMLElement>('[data-act^="dash-"]') : null;
    const act = el && acts[el.dataset['act'] ?? ''];
    if (act) act(el);
  });
  document.addEventListener('submit', submitted);
  document.addEventListener('keydown', keyed, true);
  document.addEventListener('pointerdown', (e) => {
    if (!editing || e.button !== 0 || !(e.target instanceof Element)) return;
    const panel = e.target.closest<HTMLElement>('.dp');
    if (panel && e.target.closest('.grip')) drag(e, panel, false);
    else if (panel && e.target.closest('.rz')) drag(e, panel, true);
  });
  document.addEventListener('tripod:panel', (e) => {
    const panel = (e as CustomEvent<HTMLElement>).detail;
    if (editing && !panel.querySelector('.edh')) dress(panel);
  });
  addEventListener('beforeunload', (e) => {
    if (dirty) e.preventDefault();
  });
  document.addEventListener('DOMContentLoaded', () => {
    if (file()?.hasAttribute('data-open')) toggle(true);
  });
  document.addEventListener('input', (e) => {
    const box = e.target instanceof HTMLSelectElement && e.target.name === 'kind' ? e.target.closest('.dform') : null;
    if (box) box.toggleAttribute('data-text', (e.target as HTMLSelectElement).value === 'text');
  });
}
