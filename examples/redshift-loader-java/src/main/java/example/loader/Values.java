package example.loader;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** What a text must look like to be a value of its column, and how COPY is given it. This is where rules of your own go. */
final class Values {
  /** The form that COPY takes without being told. */
  private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

  private Values() {}

  /** @throws IllegalArgumentException if the text is no value of the column; its message is the reason of the rejection */
  static String toCopy(LoaderInput.Column column, String text) {
    if (text.isEmpty()) {
      if (column.required()) {
        throw new IllegalArgumentException(column.name() + ": missing");
      }
      return text;
    }
    try {
      return switch (column.type()) {
        case "string" -> text;
        case "integer" -> Long.toString(Long.parseLong(text));
        case "decimal" -> decimal(column, text);
        case "floatingPoint" -> Double.toString(Double.parseDouble(text));
        case "bool" -> bool(text);
        case "date" -> LocalDate.parse(text).toString();
        case "timestamp" -> timestamp(text).format(TIMESTAMP);
        default -> throw new IllegalArgumentException("unknown type " + column.type());
      };
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException error) {
      throw new IllegalArgumentException(column.name() + ": not a valid " + column.type(), error);
    }
  }

  private static String decimal(LoaderInput.Column column, String text) {
    BigDecimal value = new BigDecimal(text).setScale(column.scale());
    if (value.precision() > column.precision()) {
      throw new IllegalArgumentException("too many digits");
    }
    return value.toPlainString();
  }

  private static String bool(String text) {
    return switch (text.toLowerCase()) {
      case "true", "t", "1" -> "true";
      case "false", "f", "0" -> "false";
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  private static LocalDateTime timestamp(String text) {
    String iso = text.replace(' ', 'T');
    boolean zoned = iso.endsWith("Z") || iso.lastIndexOf('+') > 0 || iso.lastIndexOf('-') > iso.indexOf('T');
    return zoned ? OffsetDateTime.parse(iso).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime() : LocalDateTime.parse(iso);
  }
}
