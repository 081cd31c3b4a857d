// The list of traces: what is typed is completed, coloured and guarded, the
// scatter plot is brushed, and two traces are chosen to be compared.
import './_compare';
import './_scatter';
import './_tracefile';
import * as complete from './_complete';
import { keepDrafts } from './_draft';
import * as highlight from './_highlight';

keepDrafts('#trace-form');
complete.start();
highlight.start();
