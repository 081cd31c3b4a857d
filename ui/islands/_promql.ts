// Editors in the place of query boxes. The box keeps what is written, so the
// form sends the same as without a script.
import { acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { linter, type Diagnostic } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { Decoration, EditorView, MatchDecorator, ViewPlugin, keymap, placeholder, type ViewUpdate } from '@codemirror/view';
import { all, one } from './_dom';
import { adoptStyles, look } from './_editorstyle';
import { knowing } from './_promqlhelp';

const views = new Map<HTMLTextAreaElement, EditorView>();

// The editor that had the focus when its form was sent gets it back.
let last: { id: string; at: number } | null = null;

const boxes = (): HTMLTextAreaElement[] => all<HTMLTextAreaElement>('#graph-form textarea[name="q"], #rule-form textarea[name="expr"]');
/** A form of questions is sent by Enter; any other is only written in. */
const asks = (box: HTMLTextAreaElement): boolean => box.form?.id === 'graph-form';
const letter = (i: number): string => String.fromCharCode(65 + i);

/** What is wrong, as the server reads it: formulas and $__rate are its own. */
async function faults(view: EditorView): Promise<Diagnostic[]> {
  const list = boxes();
  const mine = list.findIndex((box) => views.get(box) === view);
  if (mine < 0 || !view.state.doc.toString().trim()) return [];
  const q = new URLSearchParams(list.map((box) => ['q', box.value]));
  const answer = await fetch((list[mine]?.form?.dataset['check'] ?? '/graph/check') + '?' + q).catch(() => null); // without an answer nothing is underlined
  if (!answer?.ok) return [];
  const said = (await answer.json()) as { query: number; from: number; to: number; text: string }[];
  const end = view.state.doc.length;
  return said
    .filter((f) => f.query === mine)
    .map((f) => ({ from: Math.min(f.from, Math.max(end - 1, 0)), to: Math.min(Math.max(f.to, f.from + 1), end), severity: 'error', message: f.text }));
}

/** Words that are ours and not of the language. */
function ours(pattern: RegExp, className: string) {
  const matcher = new MatchDecorator({ regexp: pattern, decoration: Decoration.mark({ class: className }) });
  return ViewPlugin.fromClass(
    class {
      decorations;
      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }
      update(u: ViewUpdate): void {
        this.decorations = matcher.updateDeco(u, this.decorations);
      }
    },
    { decorations: (v) => v.decorations },
  );
}

const words = [ours(/\$__rate(_interval)?/g, 'cm-rate'), ours(/(?<![\w:"'$.])[A-Z](?![\w:"'({.])/g, 'cm-letter')];

function run(view: EditorView, box: HTMLTextAreaElement): boolean {
  if (!asks(box)) return false;
  last = { id: box.id, at: view.state.selection.main.head };
  box.form?.requestSubmit();
  return true;
}

function mount(box: HTMLTextAreaElement, host: HTMLElement): void {
  const asked = box.value;
  const others = (): Map<string, string> => new Map(boxes().map((b, i): [string, string] => [letter(i), b.value]).filter((_, i) => boxes()[i] !== box));
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: asked,
      extensions: [
        history(),
        closeBrackets(),
        bracketMatching(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': box.getAttribute('aria-label') ?? '', 'aria-multiline': 'true', autocapitalize: 'off' }),
        placeholder(box.placeholder),
        knowing(others),
        linter(faults, { delay: 300 }),
        words,
        look,
        Prec.high(keymap.of([
          { key: 'Mod-Enter', run: (v) => run(v, box) },
          { key: 'Tab', run: acceptCompletion },
          { key: 'Alt-ArrowDown', run: () => step(box, 1) },
          { key: 'Alt-ArrowUp', run: () => step(box, -1) },
        ])),
        keymap.of([...completionKeymap, ...closeBracketsKeymap, { key: 'Enter', run: (v) => run(v, box), shift: () => false }, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((u) => {
          if (!u.docChanged) return;
          box.value = u.state.doc.toString();
          box.closest('.mbox')?.classList.toggle('draft', box.value !== asked);
          box.dispatchEvent(new Event('input', { bubbles: true }));
        }),
      ],
    }),
  });
  views.set(box, view);
  box.addEventListener('tripod:replace', (e) => {
    e.preventDefault(); // whoever asked need not write into the box
    view.dispatch({ changes: (e as CustomEvent<{ from: number; to: number; insert: string }>).detail });
  });
  box.focus = () => view.focus(); // the key / goes to the box
}

/** The next or previous query. */
function step(box: HTMLTextAreaElement, by: number): boolean {
  const next = boxes()[boxes().indexOf(box) + by];
  next?.focus();
  return !!next;
}

/** Makes editors of boxes that are none yet, and forgets those that went. */
function mountAll(): void {
  for (const [box, view] of views) {
    if (box.isConnected && view.dom.isConnected) continue;
    view.destroy();
    views.delete(box);
  }
  for (const box of boxes()) {
    const host = one(`.ed[data-for="${box.id}"]`);
    if (!host || views.has(box)) continue;
    host.replaceChildren();
    mount(box, host);
  }
  const back = last && views.get(one<HTMLTextAreaElement>('#' + last.id) as HTMLTextAreaElement);
  if (back && last) {
    back.focus();
    back.dispatch({ selection: { anchor: Math.min(last.at, back.state.doc.length) } });
  } else {
    const fresh = boxes().at(-1);
    if (fresh && boxes().length > 1 && !fresh.value) fresh.focus();
  }
  last = null;
}

/** A metric of the list comes to the caret of a query that is being written. */
function insert(e: Event): void {
  const item = e.target instanceof Element ? e.target.closest<HTMLElement>('.mg[data-name] .mi') : null;
  const name = item?.closest<HTMLElement>('.mg')?.dataset['insert'];
  const view = [...views].find(([box, v]) => v.hasFocus && box.closest('.mbox')?.classList.contains('draft'))?.[1];
  if (!name || !view) return;
  e.preventDefault();
  e.stopPropagation();
  if (e.type !== 'click') return;
  const { from, to } = view.state.selection.main;
  // what was begun of the name goes
  const begun = from === to ? (/[A-Za-z_:][\w:]*$/.exec(view.state.sliceDoc(0, from))?.[0] ?? '') : '';
  const start = from - (name.startsWith(begun) ? begun.length : 0);
  view.dispatch({ changes: { from: start, to, insert: name }, selection: { anchor: start + name.length }, scrollIntoView: true });
}

export function start(): void {
  adoptStyles();
  document.addEventListener('DOMContentLoaded', mountAll);
  document.addEventListener('tripod:refreshed', mountAll);
  document.addEventListener('htmx:afterSettle', mountAll);
  document.addEventListener('pointerdown', insert, true);
  document.addEventListener('mousedown', insert, true); // or the editor would lose the focus
  document.addEventListener('click', insert, true);
}
