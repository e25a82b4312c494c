import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Scores the sheet on standard input: java Evaluate.java http://127.0.0.1:8000 */
public final class Evaluate {
    private static final int[] WAITS = {1, 2, 4};

    /** Prints the decision and every finding, or what is wrong; exit 3 where nothing was decided. */
    public static void main(String[] arguments) throws Exception {
        String requestId = UUID.randomUUID().toString();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0] + "/v1/evaluations"))
            .header("Content-Type", "application/json")
            .header("Accept-Language", "en")
            .header("X-Request-Id", requestId)
            .timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofByteArray(System.in.readAllBytes()))
            .build();
        HttpResponse<String> response = ask(request);
        Map<String, Object> answer = object(new Json(response.body()).whole());
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (response.statusCode() != 200) {
            out.println(response.statusCode() + " " + answer.get("code") + " " + requestId);
            for (Object each : list(answer.get("problems"))) {
                Map<String, Object> problem = object(each);
                out.println(problem.get("code") + " " + problem.get("path") + " " + problem.get("message"));
            }
            System.exit(3);
        }
        String unit = (String) object(answer.get("unit")).get("id");
        // No score after a veto.
        String score = answer.get("score") == null ? "-" : plain(answer.get("score"));
        out.println(unit + " " + answer.get("grade") + " " + score + " " + answer.get("policy_hash"));
        for (Object row : list(answer.get("items"))) {
            Map<String, Object> item = object(row);
            for (Object each : list(item.get("findings"))) {
                String scored = item.get("no") + " " + plain(item.get("score")) + " of " + plain(item.get("points"));
                out.println(scored + " " + object(object(each).get("because")).get("en"));
            }
        }
        for (Object each : list(answer.get("veto_findings"))) {
            out.println("veto " + object(object(each).get("because")).get("en"));
        }
    }

    /** The response; asked again only where that can help. */
    private static HttpResponse<String> ask(HttpRequest request) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
        for (int tried = 0; ; tried++) {
            boolean last = tried == WAITS.length;
            try {
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (last || response.statusCode() == 200 || response.headers().firstValue("Retry-After").isEmpty()) {
                    return response;
                }
            } catch (IOException error) {
                // Not reached, or cut off. Nothing is kept there, so the same may be asked again.
                if (last) {
                    throw error;
                }
            }
            Thread.sleep(WAITS[tried] * 1000L);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object value) {
        return value == null ? List.of() : (List<Object>) value;
    }

    private static String plain(Object number) {
        return ((BigDecimal) number).toPlainString();
    }

    /** JSON as maps, lists and BigDecimal; in a larger program a JSON library does this. */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object whole() {
            Object value = value();
            if (next() != 0) {
                throw new IllegalArgumentException("more after the end, at " + at);
            }
            return value;
        }

        private Object value() {
            switch (next()) {
                case '{':
                    Map<String, Object> members = new LinkedHashMap<>();
                    for (boolean more = opens('}'); more; more = goesOn('}')) {
                        next();
                        String name = string();
                        take(':');
                        members.put(name, value());
                    }
                    return members;
                case '[':
                    List<Object> elements = new ArrayList<>();
                    for (boolean more = opens(']'); more; more = goesOn(']')) {
                        elements.add(value());
                    }
                    return elements;
                case '"':
                    return string();
                default:
                    int start = at;
                    while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    String word = text.substring(start, at);
                    switch (word) {
                        case "true":
                            return true;
                        case "false":
                            return false;
                        case "null":
                            return null;
                        default:
                            return new BigDecimal(word);
                    }
            }
        }

        private String string() {
            StringBuilder found = new StringBuilder();
            take('"');
            for (char each; (each = text.charAt(at++)) != '"'; ) {
                if (each != '\\') {
                    found.append(each);
                    continue;
                }
                each = text.charAt(at++);
                if (each == 'u') {
                    found.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    int known = "bfnrt".indexOf(each);
                    found.append(known < 0 ? each : "\b\f\n\r\t".charAt(known));
                }
            }
            return found.toString();
        }

        /** The next character that is no blank; 0 at the end. */
        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private void take(char expected) {
            if (next() != expected) {
                throw new IllegalArgumentException("no " + expected + " at " + at);
            }
            at++;
        }

        private boolean opens(char end) {
            at++;
            boolean empty = next() == end;
            at += empty ? 1 : 0;
            return !empty;
        }

        private boolean goesOn(char end) {
            boolean ended = next() == end;
            take(ended ? end : ',');
            return !ended;
        }
    }
}
