package example.loader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

/** One connection to Redshift, by JDBC. Its temporary tables live as long as it does. */
final class Warehouse implements AutoCloseable {
  private static final int DEFAULT_PORT = 5439;
  private static final int CANCEL_MILLISECONDS = 3_000;

  private final Connection connection;
  private volatile Statement running;

  private Warehouse(Connection connection) {
    this.connection = connection;
  }

  static Warehouse connect(LoaderInput.Warehouse warehouse) {
    if (warehouse.host() == null || warehouse.secretArn() == null) {
      throw LoadFailure.configuration(
          "This program connects to a warehouse by host and secret. Use RedshiftWarehouse.endpoint, or ask the service for endpoint and credentials here.",
          null);
    }
    JsonNode secret = readSecret(warehouse.secretArn());
    Properties properties = new Properties();
    properties.setProperty("user", secret.path("username").asText());
    properties.setProperty("password", secret.path("password").asText());
    properties.setProperty("ApplicationName", "redshift-loader-java");
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("loginTimeout", "60");
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("preferQueryMode", "simple");
    // Only for a certification authority of your own: the driver knows Redshift's.
    String authority = System.getenv("WAREHOUSE_CA_FILE");
    if (authority != null) {
      properties.setProperty("sslrootcert", authority);
    }
    int port = warehouse.port() == null ? DEFAULT_PORT : warehouse.port();
    String url = "jdbc:redshift://" + warehouse.host() + ":" + port + "/" + warehouse.database();
    try {
      return new Warehouse(DriverManager.getConnection(url, properties));
    } catch (SQLException error) {
      String message = "No connection to " + warehouse.host() + ":" + port + ": " + error.getMessage();
      boolean refused = error.getSQLState() != null && error.getSQLState().startsWith("28");
      throw refused ? LoadFailure.configuration(message, error) : LoadFailure.passing(message, error);
    }
  }

  private static JsonNode readSecret(String arn) {
    try (SecretsManagerClient secrets = SecretsManagerClient.create()) {
      return new ObjectMapper().readTree(secrets.getSecretValue(request -> request.secretId(arn)).secretString());
    } catch (IOException error) {
      // the parser's message could hold a part of the secret
      throw LoadFailure.configuration("The secret " + arn + " must be a JSON object with 'username' and 'password'.", null);
    }
  }

  /** Returns how many rows the statement changed. */
  long execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      running = statement;
      return statement.executeLargeUpdate(sql);
    } finally {
      running = null;
    }
  }

  /** The first row, as texts; empty if there is none. */
  List<String> firstRow(String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      List<String> row = new ArrayList<>();
      if (rows.next()) {
        for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
          row.add(rows.getString(column));
        }
      }
      return row;
    }
  }

  /**
   * Cancels the statement under way, and then the connection, which ends whatever waits for it. From another thread.
   */
  void cancel() throws SQLException {
    Statement statement = running;
    if (statement != null) {
      Thread canceller = new Thread(() -> {
        try {
          statement.cancel();
        } catch (SQLException error) {
          Main.log("the statement under way could not be cancelled", Map.of("error", String.valueOf(error.getMessage())));
        }
      });
      canceller.setDaemon(true);
      canceller.start();
      try {
        canceller.join(CANCEL_MILLISECONDS);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    }
    connection.abort(Runnable::run);
  }

  /** A transaction that has not committed is rolled back. */
  @Override
  public void close() throws SQLException {
    connection.close();
  }

  static String identifier(String name) {
    return '"' + name.toLowerCase().replace("\"", "\"\"") + '"';
  }

  static String literal(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}
