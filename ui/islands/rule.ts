// The form of a rule: its preview follows what is typed. The back-test, which
// takes longer, comes after it.
import * as preview from './_formpreview';
import * as rows from './_formrows';
import * as threshold from './_rulethreshold';
import { guard } from './_unsaved';

document.addEventListener('DOMContentLoaded', () => {
  rows.start('#rule-form');
  threshold.start();
  guard('#rule-form', ['span', 'test', 'note']);
  preview.start('#rule-form', [['look', 'rule-look'], ['test', 'rule-test']]);
});
