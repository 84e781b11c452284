// Java's own HTTP server: `Ends.java PORT WAY`, where WAY is `hooks` (stop(1) in a shutdown hook) or `plain` (nothing).
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

public class Ends {
    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
        server.setExecutor(Executors.newFixedThreadPool(16));
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                return;
            }
            byte[] body = new byte[2000];
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        if (args[1].equals("hooks")) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(1)));
        }
        server.start();
    }
}
