// The list of traces needs no more than htmx; only what is typed is guarded.
import { keepDrafts } from './_draft';

keepDrafts('#trace-form');
