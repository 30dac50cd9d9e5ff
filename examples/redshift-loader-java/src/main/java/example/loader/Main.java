package example.loader;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.s3.S3Client;

/** The program of the container: reads its work from the document that ETL_LOADER_INPUT names, and says by its exit code how that ended. */
public final class Main {
  private static final int CONTRACT = 1;
  /** ECS kills the container 30 seconds after SIGTERM. */
  private static final int SECONDS_TO_END = 20;

  private static final AtomicReference<String> STOPPED = new AtomicReference<>();
  private static final CountDownLatch ENDED = new CountDownLatch(1);
  private static volatile Load load;
  private static volatile int exitCode = LoadFailure.TRANSIENT;

  private Main() {}

  public static void main(String[] args) {
    Runtime.getRuntime().addShutdownHook(new Thread(Main::onShutdown));
    try {
      exitCode = work();
    } catch (RuntimeException error) {
      log("failed before the work began", Map.of("error", String.valueOf(error)));
      exitCode = error instanceof LoadFailure failure ? failure.exitCode : LoadFailure.TRANSIENT;
    }
    ENDED.countDown();
    System.exit(exitCode);
  }

  private static int work() {
    Matcher uri = Pattern.compile("s3://([^/]+)/(.+)").matcher(String.valueOf(System.getenv("ETL_LOADER_INPUT")));
    if (!uri.matches()) {
      throw LoadFailure.configuration("ETL_LOADER_INPUT must be an S3 URI.", null);
    }
    try (S3Client s3 = S3Client.create()) {
      WorkBucket bucket = new WorkBucket(s3, uri.group(1));
      LoaderInput input = bucket.read(uri.group(2), LoaderInput.class)
          .orElseThrow(() -> LoadFailure.passing("There is no " + uri.group() + ".", null));
      try (Load current = new Load(input, bucket)) {
        load = current;
        endAfter(input.maxRuntimeSeconds());
        check(input);
        current.run();
        log("done", Map.of("runId", input.runId()));
        return 0;
      } catch (Exception error) {
        Thread.interrupted(); // stop() interrupts this thread, which has to say why it ends
        LoadFailure failure = failureOf(error);
        log("failed", Map.of("runId", input.runId(), "error", failure.error(), "message", failure.getMessage()));
        bucket.write(input.failureKey(), failureDocument(failure));
        return failure.exitCode;
      }
    }
  }

  private static void check(LoaderInput input) {
    if (input.contract() != CONTRACT) {
      throw LoadFailure.configuration("The contract is version " + input.contract() + ", and this program knows version " + CONTRACT + ".", null);
    }
    if (!"upsert".equals(input.mode())) {
      throw LoadFailure.configuration(
          "The mode is " + input.mode() + ", and this program knows upsert only. Use LoadMode.upsert(), or add the mode here.",
          null);
    }
    if (input.dataset().key().isEmpty()) {
      throw LoadFailure.configuration("The dataset needs a key: this program replaces rows by it.", null);
    }
  }

  private static LoadFailure failureOf(Exception error) {
    if (STOPPED.get() != null) {
      return LoadFailure.passing(STOPPED.get(), error);
    }
    if (error instanceof LoadFailure failure) {
      return failure;
    }
    String state = error instanceof SQLException refused ? String.valueOf(refused.getSQLState()) : "";
    // the schema or the table is missing, or a right is: the task cannot mend that
    boolean lasting = List.of("3F000", "42P01", "42501", "42703").contains(state);
    return lasting ? LoadFailure.configuration(error.getMessage(), error) : LoadFailure.passing(String.valueOf(error.getMessage()), error);
  }

  private static Map<String, Object> failureDocument(LoadFailure failure) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("error", failure.error());
    document.put("message", failure.getMessage());
    if (!failure.files.isEmpty()) {
      document.put("files", failure.files);
    }
    return document;
  }

  /** SIGTERM: the load ends, says why, and the exit code is one of the contract instead of Java's 143. */
  private static void onShutdown() {
    if (ENDED.getCount() == 0) {
      return;
    }
    stop("The task was stopped.");
    try {
      ENDED.await(SECONDS_TO_END, TimeUnit.SECONDS);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(exitCode);
  }

  /** Nobody may be left to stop the task. */
  private static void endAfter(int seconds) {
    new Timer("maxRuntime", true).schedule(new TimerTask() {
      @Override
      public void run() {
        stop("maxRuntime is over.");
      }
    }, seconds * 1000L);
  }

  private static void stop(String reason) {
    STOPPED.set(reason);
    try {
      if (load != null) {
        load.stop();
      }
    } catch (SQLException error) {
      log("the statement under way could not be cancelled", Map.of("error", String.valueOf(error.getMessage())));
    }
  }

  /** Lines of JSON, without a value of a row. */
  static void log(String message, Map<String, ?> details) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", Instant.now().toString());
    line.put("message", message);
    line.putAll(details);
    try {
      System.out.println(new ObjectMapper().writeValueAsString(line));
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
