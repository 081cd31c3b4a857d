// What an editor of PromQL knows: the appliance's own metrics, labels and
// values, the words of the language, the letters of the other queries.
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { EditorState, type Extension } from '@codemirror/state';
import { hoverTooltip, type EditorView } from '@codemirror/view';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { CachedPrometheusClient, HTTPPrometheusClient } from '@prometheus-io/codemirror-promql/dist/esm/client/prometheus';
import { aggregateOpTerms, functionIdentifierTerms } from '@prometheus-io/codemirror-promql/dist/esm/complete/promql.terms';
import { newCompleteStrategy, type CompleteStrategy } from '@prometheus-io/codemirror-promql/dist/esm/complete';
import { make } from './_dom';
import { enriched } from './_promqlinfo';

const hour = 3_600_000;

/** Asks the appliance; the flags that a Prometheus server has say nothing here. */
class Client extends HTTPPrometheusClient {
  override flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }
}

const client = new CachedPrometheusClient(new Client({ httpMethod: 'GET', lookbackInterval: 12 * hour, httpErrorHandler: () => {} }));

const plain = newCompleteStrategy({ remote: client });

/** The language's own completion, with more about metrics. */
const complete: CompleteStrategy = {
  async promQL(context) {
    const [found, known, names] = await Promise.all([plain.promQL(context), client.metricMetadata().catch(() => ({})), client.metricNames().catch(() => [])]);
    return found && { ...found, options: enriched(found.options, known, new Set(names)) };
  },
};

const language = new PromQLExtension().setComplete({ completeStrategy: complete }).activateLinter(false).asExtension();

/** The queries by letter as they stand in the boxes now. */
export type Letters = () => Map<string, string>;

/** $__rate in a range, and the letters of other queries. */
function own(letters: Letters): (context: CompletionContext) => CompletionResult | null {
  return (context) => {
    const window = context.matchBefore(/(\[|\$)[$\w]*$/);
    if (window) {
      const from = window.from + (window.text.startsWith('[') ? 1 : 0);
      return { from, options: [{ label: '$__rate', detail: 'at least four scrapes', type: 'constant', boost: 99 }], validFor: /^\$?\w*$/ };
    }
    const word = context.matchBefore(/(^|[^\w:"'{=~])[A-Z]?$/);
    const letter = /[A-Z]$/.exec(word?.text ?? '');
    if (!letter && !context.explicit) return null;
    const options = [...letters()].filter(([, q]) => q.trim()).map(([label, q]): Completion => ({ label, detail: q.length > 40 ? q.slice(0, 40) + '…' : q, type: 'letter', boost: 50 }));
    return options.length ? { from: context.pos - (letter ? 1 : 0), options } : null;
  };
}

const marks: Record<string, string> = { counter: 'C', gauge: 'G', histogram: 'H', summary: 'S', function: 'ƒ', aggregation: 'ƒ', label: 'l', letter: '=' };

/** The badge before an option: what kind of thing it is. */
function badge(c: Completion): Node {
  const el = make('span', 'ty', marks[c.detail ?? ''] ?? marks[c.type ?? ''] ?? '·');
  el.setAttribute('aria-hidden', 'true');
  return el;
}

/** What stands at a place, in words. */
async function about(word: string, letters: Map<string, string>): Promise<[string, string] | null> {
  const term = [...functionIdentifierTerms, ...aggregateOpTerms].find((t) => t.label === word);
  if (term) return [`${word}, ${term.detail}`, term.info];
  const query = letters.get(word);
  if (query) return [`Query ${word}`, query];
  const known = await client.metricMetadata();
  for (const name of [word, word.replace(/_(bucket|count|sum|total)$/, '')]) {
    const md = known[name]?.[0];
    if (md) return [`${name}, ${md.type}`, md.help];
  }
  return null;
}

function wordAt(view: EditorView, pos: number): { from: number; to: number; text: string } | null {
  const line = view.state.doc.lineAt(pos);
  for (const m of line.text.matchAll(/[A-Za-z_:][\w:]*/g)) {
    const from = line.from + m.index;
    if (from <= pos && pos <= from + m[0].length) return { from, to: from + m[0].length, text: m[0] };
  }
  return null;
}

const help = (letters: Letters): Extension =>
  hoverTooltip(async (view, pos) => {
    const word = wordAt(view, pos);
    const said = word && (await about(word.text, letters()).catch(() => null));
    if (!word || !said) return null;
    return { pos: word.from, end: word.to, above: false, create: () => ({ dom: make('div', 'cm-hover', make('b', '', said[0]), make('div', 't-2', said[1])) }) };
  });

/** PromQL with completion and help. */
export const knowing = (letters: Letters): Extension => [
  language,
  EditorState.languageData.of(() => [{ autocomplete: own(letters) }]),
  autocompletion({ icons: false, interactionDelay: 0, addToOptions: [{ render: badge, position: 20 }], maxRenderedOptions: 60 }),
  help(letters),
];
