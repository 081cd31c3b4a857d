// Logs: the query side and the rows, each in its own modules.
import './_logquery';
import './_logvolume';
import './_logrows';
import './_logcols';
import './_logtail';
