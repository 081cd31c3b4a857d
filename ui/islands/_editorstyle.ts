// How an editor looks, and how its styles come into a page that allows no style
// elements: as sheets that the script makes, which its policy does not forbid.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { StyleModule } from 'style-mod';

const sheets = new Map<StyleModule, CSSStyleSheet>();

/** Must run before the first editor is made. */
export function adoptStyles(): void {
  StyleModule.mount = (root, modules) => {
    const mine = (Array.isArray(modules) ? modules : [modules]).map((m) => {
      let sheet = sheets.get(m);
      if (!sheet) sheets.set(m, (sheet = new CSSStyleSheet()));
      if (!sheet.cssRules.length) sheet.replaceSync(m.getRules());
      return sheet;
    });
    const doc = 'adoptedStyleSheets' in root ? root : (root as Node).ownerDocument;
    if (doc) doc.adoptedStyleSheets = [...doc.adoptedStyleSheets.filter((s) => !mine.includes(s)), ...mine];
  };
}

const syntax = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--syn-fn)' },
  { tag: tags.variableName, color: 'var(--syn-met)' },
  { tag: tags.labelName, color: 'var(--syn-lab)' },
  { tag: tags.string, color: 'var(--syn-str)' },
  { tag: [tags.number, tags.literal], color: 'var(--syn-num)' },
  { tag: [tags.operator, tags.arithmeticOperator, tags.compareOperator, tags.logicOperator], color: 'var(--syn-op)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
]);

const theme = EditorView.theme({
  '&': { flex: '1', minWidth: '0', fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '19px', overflowX: 'auto' },
  '.cm-content': { padding: '7px 0', caretColor: 'var(--accent)', fontVariantLigatures: 'none', fontFeatureSettings: '"liga" 0, "calt" 0' },
  '.cm-line': { padding: '0 8px' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '1.5px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--accent-soft) !important' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--hover)', outline: '1px solid var(--line-2)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent' },
  '.cm-rate, .cm-rate *': { color: 'var(--syn-num)' },
  '.cm-letter, .cm-letter *': { color: 'var(--accent)', fontWeight: '600' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--error-fill)', textDecorationSkipInk: 'none', textUnderlineOffset: '3px' },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--error-fill)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', border: '1px solid var(--line-2)', borderRadius: 'var(--r-3)', boxShadow: 'var(--shadow-pop)', color: 'var(--text)', fontFamily: 'var(--font-ui)', fontSize: '12px', lineHeight: '17px', zIndex: '30' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', maxHeight: '286px', padding: '4px 0', minWidth: 'min(280px, 80vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { display: 'flex', alignItems: 'center', gap: '7px', minHeight: '25px', padding: '0 10px', fontSize: '12px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)', boxShadow: 'inset 2px 0 0 var(--accent)' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)', fontWeight: '700' },
  '.cm-completionDetail': { marginLeft: 'auto', fontStyle: 'normal', fontFamily: 'var(--font-ui)', fontSize: '11px', color: 'var(--text-3)' },
  '.cm-tooltip.cm-completionInfo': { padding: '8px 12px', maxWidth: '300px' },
  '.cm-about': { display: 'grid', gap: '6px', minWidth: '200px' },
  '.cm-tooltip-hover, .cm-tooltip-lint': { maxWidth: 'min(420px, 90vw)' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--error-fill)', padding: '5px 10px' },
  '.cm-hover': { padding: '6px 10px' },
});

export const look = [theme, syntaxHighlighting(syntax)];
