import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Parses and resolves the file main.conf of every directory below the one that
 * the first argument names, all in one JVM, and prints a line for each: the name
 * of the directory, a tab, and the result as JSON, or "ERROR" with the message.
 * Scalars are written as strings with a letter that says the kind ("n:007",
 * "s:x", "b:true"), since the text of a number counts.
 */
public final class Oracle {
  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    File[] files = new File(args[0]).listFiles();
    Arrays.sort(files);
    for (File file : files) {
      out.println(file.getName() + "\t" + run(new File(file, "main.conf")));
    }
    out.flush();
  }

  private static String run(File file) {
    try {
      Config config = ConfigFactory.parseFile(file).resolve();
      StringBuilder text = new StringBuilder();
      write(text, config.root());
      return text.toString();
    } catch (ConfigException e) {
      return "ERROR " + String.valueOf(e.getMessage()).replace('\n', ' ').replace('\t', ' ');
    } catch (StackOverflowError e) {
      return "ERROR stack overflow";
    }
  }

  private static void write(StringBuilder text, ConfigValue value) {
    switch (value.valueType()) {
      case OBJECT:
        ConfigObject object = (ConfigObject) value;
        List<String> keys = new ArrayList<>(object.keySet());
        Collections.sort(keys);
        text.append('{');
        for (int i = 0; i < keys.size(); i++) {
          text.append(i == 0 ? "" : ",");
          quote(text, keys.get(i));
          text.append(':');
          write(text, object.get(keys.get(i)));
        }
        text.append('}');
        return;
      case LIST:
        ConfigList list = (ConfigList) value;
        text.append('[');
        for (int i = 0; i < list.size(); i++) {
          text.append(i == 0 ? "" : ",");
          write(text, list.get(i));
        }
        text.append(']');
        return;
      case NULL:
        text.append("null");
        return;
      default:
        String kind = value.valueType() == ConfigValueType.NUMBER ? "n:"
            : value.valueType() == ConfigValueType.BOOLEAN ? "b:" : "s:";
        quote(text, kind + value.atKey("k").getString("k"));
    }
  }

  private static void quote(StringBuilder text, String s) {
    text.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < 0x20 || c > 0x7e) {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }
}
