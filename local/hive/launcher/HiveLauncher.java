import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;

/** Runs local.HiveServer with every jar of a folder, in a URLClassLoader: Hive 3.1 casts the loader of its classes to one. */
public final class HiveLauncher {
    /** @param args the folder of the configuration, then the folder of the jars */
    public static void main(String[] args) throws Exception {
        File[] jars = new File(args[1]).listFiles((folder, name) -> name.endsWith(".jar"));
        Arrays.sort(jars); // so that the bridge, 00-bridge.jar, is found before what it replaces
        URL[] urls = new URL[jars.length + 1];
        urls[0] = new File(args[0]).toURI().toURL();
        for (int i = 0; i < jars.length; i++) {
            urls[i + 1] = jars[i].toURI().toURL();
        }
        URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        try {
            loader.loadClass("local.HiveServer").getMethod("main").invoke(null);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1); // threads that Hive leaves behind would keep the JVM alive
        }
    }
}
