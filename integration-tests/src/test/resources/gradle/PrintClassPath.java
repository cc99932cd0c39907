import java.io.File;
import java.net.URI;
import java.util.Map;
import org.gradle.api.Project;
import org.gradle.testfixtures.ProjectBuilder;

/**
 * Evaluates a Gradle script and prints the files of its runtime class path. Arguments: the project's
 * folder, the script, Gradle's own folder, then the folders of repositories. ConsumersTest runs it
 * from source, since only this class needs Gradle.
 */
public final class PrintClassPath {

  public static void main(String[] args) {
    Project project =
        ProjectBuilder.builder()
            .withProjectDir(new File(args[0]))
            .withGradleUserHomeDir(new File(args[2]))
            .build();
    for (int i = 3; i < args.length; i++) {
      URI folder = new File(args[i]).toURI();
      project.getRepositories().maven(repository -> repository.setUrl(folder));
    }
    project.getPluginManager().apply("application");
    project.apply(Map.of("from", args[1]));
    for (File file : project.getConfigurations().getByName("runtimeClasspath")) {
      System.out.println(file);
    }
    System.exit(0);
  }
}
