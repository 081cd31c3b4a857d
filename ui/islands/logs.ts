// Logs: the query side and the rows, each in its own module.
import './_logquery';
import './_logrows';
