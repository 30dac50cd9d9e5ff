package local;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.hadoop.hive.cli.CliDriver;
import org.apache.hadoop.hive.cli.CliSessionState;
import org.apache.hadoop.hive.common.LogUtils;
import org.apache.hadoop.hive.common.io.CachingPrintStream;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.ql.session.SessionState;

/**
 * Hive's command line in a JVM that stays warm. POST /run takes a script, and answers {"exitCode", "stdout", "stderr"} when it has run:
 * one script at a time, each in a session of its own, as `hive -f` runs it. GET /progress answers {"rowsRead", "rowsWritten"} at any time.
 * Listens on the loopback address only, on the port of -Dport.
 */
public final class HiveServer {
    public static void main() throws Exception {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        LogUtils.initHiveLog4j();
        BooleanType.register();
        run(loader, "show databases;"); // loads the engine and makes the metastore before the first script
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.getInteger("port"));
        HttpServer server = HttpServer.create(address, 0);
        ExecutorService scripts = Executors.newSingleThreadExecutor(); // so that scripts queue
        server.createContext("/run", exchange -> {
            String script = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            scripts.execute(() -> {
                try (exchange) { // whatever happens, nobody waits for an answer that does not come
                    answer(exchange, run(loader, script));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        });
        server.createContext("/progress", exchange -> answer(exchange, Progress.soFar()));
        server.start();
    }

    private static void answer(HttpExchange exchange, Map<String, ?> answer) throws IOException {
        byte[] body = new Gson().toJson(answer).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static Map<String, Object> run(ClassLoader loader, String script) throws IOException {
        Thread.currentThread().setContextClassLoader(loader);
        Progress.begin();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CliSessionState session = new CliSessionState(new HiveConf(SessionState.class));
        session.in = System.in;
        session.out = new PrintStream(out, true, "UTF-8");
        session.info = session.err = new CachingPrintStream(err, true, "UTF-8");
        SessionState.start(session);
        Path file = Files.createTempFile("script", ".hql");
        int exitCode;
        try {
            Files.writeString(file, script);
            exitCode = new CliDriver().processFile(file.toString());
        } catch (Exception | Error e) { // where the command would die of it
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            session.err.print(trace);
            exitCode = 1;
        } finally {
            Files.delete(file);
            session.close();
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("exitCode", exitCode);
        answer.put("stdout", out.toString(StandardCharsets.UTF_8));
        answer.put("stderr", err.toString(StandardCharsets.UTF_8));
        return answer;
    }
}
