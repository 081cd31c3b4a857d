// The Dashboards screen: panels that the page did not wait for load by
// themselves.
import { start as load } from './_dashload';

load();
