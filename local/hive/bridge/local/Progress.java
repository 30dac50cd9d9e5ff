package local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.hive.ql.MapRedStats;
import org.apache.hadoop.hive.ql.exec.mr.HadoopJobExecHelper;
import org.apache.hadoop.hive.ql.hooks.ExecuteWithHookContext;
import org.apache.hadoop.hive.ql.hooks.HookContext;
import org.apache.hadoop.hive.ql.session.SessionState;
import org.apache.hadoop.mapred.Counters;
import org.apache.hadoop.mapred.RunningJob;
import org.apache.hadoop.mapreduce.TaskCounter;

/**
 * How far the script has come that runs now, or ran last: the rows that its jobs have read, and the items that the connector has written.
 * Of several jobs the one that has read the most counts: the first reads all rows, those after it what is left of them.
 */
public final class Progress implements ExecuteWithHookContext {
    private static final AtomicLong READ = new AtomicLong();
    private static final AtomicLong WRITTEN = new AtomicLong();

    static void begin() {
        READ.set(0);
        WRITTEN.set(0);
    }

    static void addWritten(long items) {
        WRITTEN.addAndGet(items);
    }

    static Map<String, Long> soFar() throws IOException {
        for (RunningJob job : new ArrayList<>(HadoopJobExecHelper.runningJobs)) {
            addRead(job.getCounters());
        }
        return Map.of("rowsRead", READ.get(), "rowsWritten", WRITTEN.get());
    }

    /** Hive calls it after each query (hive.exec.post.hooks): nobody may have asked for the counters of its jobs while they ran. */
    @Override
    public void run(HookContext context) {
        for (MapRedStats job : SessionState.get().getMapRedStats().values()) {
            addRead(job.getCounters());
        }
    }

    private static void addRead(Counters counters) {
        if (counters != null) { // a job that has only begun, or is gone
            READ.accumulateAndGet(counters.getCounter(TaskCounter.MAP_INPUT_RECORDS), Math::max);
        }
    }
}
