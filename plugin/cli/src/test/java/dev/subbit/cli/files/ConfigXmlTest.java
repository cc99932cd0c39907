package dev.subbit.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.network.ImageShape;
import org.junit.jupiter.api.Test;

class ConfigXmlTest {

  @Test
  void looksAsIfWrittenByHand() {
    String xml =
        new ConfigXml("Cats & dogs")
            .component("train", ImageFolderSource.class)
            .property("folder", "a \"b\" & <c>")
            .imageShape(new ImageShape(3, 32, 48))
            .component("test", ImageFolderSource.class)
            .property("limit", 7)
            .end();
    assertEquals(
        """
        <!-- Cats & dogs -->
        <config>
          <component name="train" type="dev.subbit.tribuo.data.ImageFolderSource">
            <property name="folder" value="a &quot;b&quot; &amp; &lt;c&gt;"/>
            <propertylist name="imageShape"><item>3</item><item>32</item><item>48</item></propertylist>
          </component>
          <component name="test" type="dev.subbit.tribuo.data.ImageFolderSource">
            <property name="limit" value="7"/>
          </component>
        </config>
        """,
        xml);
  }
}
