// The form of a rule: its preview follows what is typed.
import * as rows from './_rulerows';
import * as preview from './_rulepreview';
import * as threshold from './_rulethreshold';

document.addEventListener('DOMContentLoaded', () => {
  rows.start();
  threshold.start();
  preview.start();
});
