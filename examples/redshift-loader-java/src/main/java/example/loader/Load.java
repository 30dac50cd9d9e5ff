package example.loader;

import static example.loader.Warehouse.identifier;
import static example.loader.Warehouse.literal;

import example.loader.FileCleaner.CleanFile;
import example.loader.LoaderInput.Column;
import example.loader.LoaderInput.StagedFile;
import example.loader.LoaderInput.StagedFiles;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One run: cleans the staged files, copies them, and merges them in a transaction that also records the run. The task may be repeated, and killed at any
 * line: a run that is recorded is not loaded again.
 */
final class Load implements AutoCloseable {
  private static final String HISTORY = "java_load_history";

  private final LoaderInput input;
  private final WorkBucket bucket;
  private final Instant start = Instant.now();
  private final Thread thread = Thread.currentThread();
  private final ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
  private volatile Warehouse warehouse;

  Load(LoaderInput input, WorkBucket bucket) {
    this.input = input;
    this.bucket = bucket;
  }

  void run() throws Exception {
    if (bucket.read(input.resultKey(), LoaderResult.class).isPresent()) {
      return; // by another task of the run
    }
    warehouse = Warehouse.connect(input.warehouse());
    warehouse.execute("CREATE TABLE IF NOT EXISTS " + qualified(HISTORY) + " (run_id VARCHAR(128) NOT NULL, step_id VARCHAR(128) NOT NULL,"
        + " rows_read BIGINT, rows_written BIGINT, rows_rejected BIGINT, duplicates_dropped BIGINT, seconds BIGINT)");
    LoaderResult recorded = recorded();
    bucket.writeOnce(input.resultKey(), recorded == null ? load() : recorded);
  }

  private LoaderResult load() throws Exception {
    List<CleanFile> files = cleanFiles();
    long read = files.stream().mapToLong(CleanFile::rowsRead).sum();
    long rejected = files.stream().mapToLong(CleanFile::rowsRejected).sum();
    if (input.maxRejectedRows() != null && rejected > input.maxRejectedRows()) {
      List<String> bad = files.stream().filter(file -> file.rowsRejected() > 0).map(file -> file.file().id()).toList();
      throw LoadFailure.data(rejected + " rows are rejected, and " + input.maxRejectedRows() + " may be. They are in "
          + bucket.uri(input.rejectedRowsFolder()), bad);
    }
    copy(files);
    return merge(read, rejected);
  }

  /** On all CPUs of the task at once. The first file that fails ends the load. */
  private List<CleanFile> cleanFiles() throws InterruptedException {
    List<StagedFile> files = bucket.read(input.stagedFilesKey(), StagedFiles.class)
        .orElseThrow(() -> LoadFailure.configuration("There is no " + bucket.uri(input.stagedFilesKey()) + ": look at the lifecycle rules.", null))
        .files();
    FileCleaner cleaner = new FileCleaner(input, bucket);
    List<Future<CleanFile>> begun = IntStream.range(0, files.size())
        .mapToObj(index -> threads.submit(() -> cleaner.clean(files.get(index), index)))
        .toList();
    List<CleanFile> done = new ArrayList<>();
    for (Future<CleanFile> file : begun) {
      try {
        done.add(file.get());
        Main.log("file read", Map.of("files", done.size(), "of", files.size()));
      } catch (ExecutionException error) {
        threads.shutdownNow();
        throw error.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(error.getCause());
      }
    }
    return done;
  }

  private void copy(List<CleanFile> files) throws SQLException {
    warehouse.execute("CREATE TEMPORARY TABLE staged (" + eachColumn(column -> identifier(column.name()) + " VARCHAR(65535)") + ")");
    warehouse.execute("CREATE TEMPORARY TABLE latest (" + eachColumn(column -> identifier(column.name()) + " " + type(column)) + ")");
    if (files.isEmpty()) {
      return;
    }
    String manifest = input.stepFolder() + "manifest.json";
    bucket.write(manifest, Map.of("entries", files.stream().map(file -> Map.of("url", bucket.uri(file.key()), "mandatory", true)).toList()));
    Main.log("copying", Map.of("files", files.size()));
    warehouse.execute("COPY staged FROM " + literal(bucket.uri(manifest)) + " IAM_ROLE " + literal(input.warehouse().copyRoleArn())
        + " REGION " + literal(input.warehouse().region()) + " MANIFEST FORMAT AS CSV GZIP NULL AS ''");
  }

  /** LOCK comes first: what another load has committed is seen behind it, under any isolation level. */
  private LoaderResult merge(long read, long rejected) throws SQLException {
    warehouse.execute("BEGIN");
    warehouse.execute("LOCK TABLE " + qualified(HISTORY) + ", " + qualified(input.table()));
    LoaderResult recorded = recorded();
    if (recorded != null) {
      warehouse.execute("ROLLBACK");
      return recorded;
    }
    List<String> key = input.dataset().key().stream().map(Warehouse::identifier).toList();
    String columns = eachColumn(column -> identifier(column.name()));
    String typed = eachColumn(column -> "CAST(" + identifier(column.name()) + " AS " + type(column) + ") AS " + identifier(column.name()));
    String newestFirst = input.dataset().latestBy() == null ? columns : identifier(input.dataset().latestBy()) + " DESC NULLS LAST, " + columns;
    warehouse.execute("INSERT INTO latest SELECT " + columns + " FROM (SELECT " + columns + ", ROW_NUMBER() OVER (PARTITION BY "
        + String.join(", ", key) + " ORDER BY " + newestFirst + ") AS place FROM (SELECT " + typed + " FROM staged) AS typed) AS ranked WHERE place = 1");
    String sameKey = key.stream().map(name -> qualified(input.table()) + "." + name + " = latest." + name).collect(Collectors.joining(" AND "));
    warehouse.execute("DELETE FROM " + qualified(input.table()) + " USING latest WHERE " + sameKey);
    long written = warehouse.execute("INSERT INTO " + qualified(input.table()) + " (" + columns + ") SELECT " + columns + " FROM latest");
    LoaderResult result = new LoaderResult(read, written, rejected, read - rejected - written, Duration.between(start, Instant.now()).toSeconds(),
        rejected > 0 ? bucket.uri(input.rejectedRowsFolder()) : null);
    warehouse.execute("INSERT INTO " + qualified(HISTORY) + " VALUES (" + literal(input.runId()) + ", " + literal(input.stepId()) + ", "
        + read + ", " + written + ", " + rejected + ", " + result.duplicatesDropped() + ", " + result.seconds() + ")");
    warehouse.execute("COMMIT");
    return result;
  }

  private LoaderResult recorded() throws SQLException {
    List<String> row = warehouse.firstRow("SELECT rows_read, rows_written, rows_rejected, duplicates_dropped, seconds FROM " + qualified(HISTORY)
        + " WHERE run_id = " + literal(input.runId()) + " AND step_id = " + literal(input.stepId()));
    if (row.isEmpty()) {
      return null;
    }
    long[] counts = row.stream().mapToLong(Long::parseLong).toArray();
    return new LoaderResult(counts[0], counts[1], counts[2], counts[3], counts[4], counts[2] > 0 ? bucket.uri(input.rejectedRowsFolder()) : null);
  }

  private String eachColumn(Function<Column, String> sql) {
    return input.dataset().columns().stream().map(sql).collect(Collectors.joining(", "));
  }

  private String qualified(String table) {
    return identifier(input.schema()) + "." + identifier(table);
  }

  private static String type(Column column) {
    return switch (column.type()) {
      case "integer" -> "BIGINT";
      case "decimal" -> "DECIMAL(" + column.precision() + ", " + column.scale() + ")";
      case "floatingPoint" -> "DOUBLE PRECISION";
      case "bool" -> "BOOLEAN";
      case "date" -> "DATE";
      case "timestamp" -> "TIMESTAMP";
      default -> "VARCHAR(65535)";
    };
  }

  /** Ends what is under way, from another thread. */
  void stop() throws SQLException {
    threads.shutdownNow();
    thread.interrupt(); // it may wait for a file whose turn will never come
    Warehouse connected = warehouse;
    if (connected != null) {
      connected.cancel();
    }
  }

  @Override
  public void close() throws SQLException {
    threads.shutdownNow();
    if (warehouse != null) {
      warehouse.close();
    }
  }
}
