package example.loader;

import java.util.List;

/** Why the load ends without its work done: what the failure document says, and the exit code. */
final class LoadFailure extends RuntimeException {
  static final int TRANSIENT = 10;
  static final int DATA = 11;
  static final int CONFIGURATION = 12;

  final int exitCode;
  final List<String> files;

  private LoadFailure(int exitCode, String message, List<String> files, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
    this.files = files;
  }

  /** It may go well the next time. */
  static LoadFailure passing(String message, Throwable cause) {
    return new LoadFailure(TRANSIENT, message, List.of(), cause);
  }

  /** These files are at fault: the pipeline sets them aside and loads the others. */
  static LoadFailure data(String message, List<String> files) {
    return new LoadFailure(DATA, message, files, null);
  }

  /** Somebody has to change something: the pipeline pauses. */
  static LoadFailure configuration(String message, Throwable cause) {
    return new LoadFailure(CONFIGURATION, message, List.of(), cause);
  }

  String error() {
    return switch (exitCode) {
      case DATA -> "Etl.Data";
      case CONFIGURATION -> "Etl.Configuration";
      default -> "Etl.Transient";
    };
  }
}
