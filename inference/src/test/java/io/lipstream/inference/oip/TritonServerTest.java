package io.lipstream.inference.oip;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.inference.Networks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;

/**
 * Triton itself, from the wheel nvidia-pytriton.
 *
 * <p>Not in ./check: its Python backend is tied to the patch releases of Python that it was built
 * against (3.11.7 fails, 3.11.2 works), and it is 440 MB. Where LIPSTREAM_TRITON_PYTHON names a
 * Python with nvidia-pytriton 0.7.0 and onnxruntime: mvn -pl inference -am test
 * -Dtest=TritonServerTest -Dtest.excluded.tags=gpu -Dsurefire.failIfNoSpecifiedTests=false
 */
@Tag("slow")
class TritonServerTest extends OtherServerTest {
  @Override
  Process launch(Path folder, int grpcPort, int httpPort, int metricsPort) throws IOException {
    String python = System.getenv("LIPSTREAM_TRITON_PYTHON");
    assumeTrue(python != null, "LEFT OUT: LIPSTREAM_TRITON_PYTHON is not set");
    return PythonTools.start(
        folder,
        folder.resolve("server.log"),
        Path.of(python),
        List.of(
            PythonTools.script("triton_server.py").toString(),
            Networks.tinyGenerator().toAbsolutePath().toString(),
            Integer.toString(grpcPort),
            Integer.toString(httpPort),
            Integer.toString(metricsPort)));
  }
}
