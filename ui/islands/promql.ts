// Turns the query boxes of the Metrics screen into editors.
import * as editor from './_promql';

editor.start();
