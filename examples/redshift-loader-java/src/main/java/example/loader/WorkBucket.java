package example.loader;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Objects of the pipeline's work bucket. Credentials and region come from the task, by the SDK's default chains. */
final class WorkBucket {
  private static final ObjectMapper JSON = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final S3Client s3;
  private final String bucket;

  WorkBucket(S3Client s3, String bucket) {
    this.s3 = s3;
    this.bucket = bucket;
  }

  <T> Optional<T> read(String key, Class<T> type) {
    try (InputStream object = open(key)) {
      return Optional.of(JSON.readValue(object, type));
    } catch (NoSuchKeyException error) {
      return Optional.empty();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  InputStream open(String key) {
    return s3.getObject(request -> request.bucket(bucket).key(key));
  }

  void write(String key, Object value) {
    s3.putObject(request -> request.bucket(bucket).key(key).contentType("application/json"), body(value));
  }

  void write(String key, Path file) {
    s3.putObject(request -> request.bucket(bucket).key(key), file);
  }

  /** The result is written once: what another task of the run has written stays. */
  void writeOnce(String key, Object value) {
    try {
      s3.putObject(request -> request.bucket(bucket).key(key).ifNoneMatch("*").contentType("application/json"), body(value));
    } catch (S3Exception error) {
      if (error.statusCode() != 412) {
        throw error;
      }
    }
  }

  String uri(String key) {
    return "s3://" + bucket + "/" + key;
  }

  private static RequestBody body(Object value) {
    try {
      return RequestBody.fromBytes(JSON.writeValueAsBytes(value));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
