// The list of traces needs no more than htmx; what is typed is completed,
// coloured and guarded.
import * as complete from './_complete';
import { keepDrafts } from './_draft';
import * as highlight from './_highlight';

keepDrafts('#trace-form');
complete.start();
highlight.start();
