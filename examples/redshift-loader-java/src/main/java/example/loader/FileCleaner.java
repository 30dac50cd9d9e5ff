package example.loader;

import example.loader.LoaderInput.Column;
import example.loader.LoaderInput.StagedFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * Reads one staged file, row by row, and writes it again as COPY takes it, without the rows that are rejected. Those are kept in a file of their own.
 * Memory stays flat: rows go through, files go to /tmp, which is the task's ephemeral storage.
 */
final class FileCleaner {
  /** What became of one file. `key` is the object to copy. */
  record CleanFile(StagedFile file, String key, long rowsRead, long rowsRejected) {}

  private final LoaderInput input;
  private final WorkBucket bucket;

  FileCleaner(LoaderInput input, WorkBucket bucket) {
    this.input = input;
    this.bucket = bucket;
  }

  /** @throws LoadFailure of class Data, which names the file, if it cannot be read as CSV to its end */
  CleanFile clean(StagedFile file, int index) {
    String name = String.format("%05d", index);
    String cleanKey = input.stepFolder() + "input/part-" + name + ".csv.gz";
    String rejectedKey = input.rejectedRowsFolder() + "part-" + name + ".csv";
    try {
      Path clean = Files.createTempFile("clean", null);
      Path rejected = Files.createTempFile("rejected", null);
      try {
        CleanFile counted = copyRows(file, cleanKey, clean, rejected);
        bucket.write(cleanKey, clean);
        if (counted.rowsRejected() > 0) {
          bucket.write(rejectedKey, rejected);
        }
        return counted;
      } finally {
        Files.delete(clean);
        Files.delete(rejected);
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private CleanFile copyRows(StagedFile file, String key, Path clean, Path rejected) throws IOException {
    long read = 0;
    long kept = 0;
    CSVFormat format = CSVFormat.RFC4180.builder().setDelimiter(input.dataset().format().delimiter()).get();
    try (CSVParser rows = format.parse(reader(file));
        CSVPrinter cleanRows = new CSVPrinter(gzipWriter(clean), CSVFormat.RFC4180);
        CSVPrinter rejectedRows = new CSVPrinter(Files.newBufferedWriter(rejected), CSVFormat.RFC4180)) {
      rejectedRows.printRecord("file", "line", "reason", "raw_line");
      boolean header = input.dataset().format().header();
      for (CSVRecord row : rows) {
        if (header) {
          header = false;
          continue;
        }
        read++;
        try {
          cleanRows.printRecord(convert(row));
        } catch (IllegalArgumentException error) {
          kept++;
          rejectedRows.printRecord(bucket.uri(file.key()), rows.getCurrentLineNumber(), error.getMessage(), String.join(",", row));
        }
      }
    } catch (UncheckedIOException | IOException error) {
      throw unreadable(file, error);
    }
    return new CleanFile(file, key, read, kept);
  }

  private List<String> convert(CSVRecord row) {
    List<Column> columns = input.dataset().columns();
    if (row.size() != columns.size()) {
      throw new IllegalArgumentException("malformed: " + row.size() + " fields instead of " + columns.size());
    }
    List<String> values = new ArrayList<>(columns.size());
    for (int index = 0; index < columns.size(); index++) {
      values.add(Values.toCopy(columns.get(index), row.get(index)));
    }
    return values;
  }

  private InputStreamReader reader(StagedFile file) throws IOException {
    InputStream object = bucket.open(file.key());
    var decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
    return new InputStreamReader(file.gzip() ? new GZIPInputStream(object, 1 << 16) : object, decoder);
  }

  private static Writer gzipWriter(Path file) throws IOException {
    return new BufferedWriter(new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8));
  }

  /** A quote that never ends, broken gzip, bytes that are no UTF-8; a connection that breaks is none of these. */
  private static RuntimeException unreadable(StagedFile file, Exception error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof java.net.SocketException || cause instanceof java.net.SocketTimeoutException) {
        return LoadFailure.passing("Reading " + file.key() + " broke off: " + cause.getMessage(), error);
      }
    }
    return LoadFailure.data("The file " + file.key() + " cannot be read as CSV: " + error.getMessage(), List.of(file.id()));
  }
}
