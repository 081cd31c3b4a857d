// The Dashboards screen: panels that the page did not wait for load by
// themselves, lines are drawn with a cross-hair, and dashboards are edited.
import { start as edit } from './_dashedit';
import { start as load } from './_dashload';
import { start as heat } from './_dashheat';
import { start as draw } from './_dashplot';

draw();
heat();
load();
edit();
