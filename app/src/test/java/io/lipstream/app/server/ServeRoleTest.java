package io.lipstream.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.webrtc.WebRtcSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where browsers may come to, by the configuration. */
final class ServeRoleTest {

  @TempDir private Path folder;

  private WebRtcSettings webRtc(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("serve.yaml"), yaml);
    return ServeRole.webRtc(ConfigFile.read(file, ServeConfig.DEFAULT));
  }

  @Test
  void thisMachinesBrowsersComeToAnyOfItsAddressesAndNobodyElseDoes() throws IOException {
    assertThat(webRtc("").thisMachineOnly()).isTrue();
    assertThat(webRtc("").bindAddress().isAnyLocalAddress()).isTrue();
    assertThat(webRtc("server: {address: '::1'}").thisMachineOnly()).isTrue();
  }

  @Test
  void othersComeToAPageThatIsOpenToThem() throws IOException {
    WebRtcSettings open = webRtc("server: {address: 0.0.0.0}");
    assertThat(open.thisMachineOnly()).isFalse();
    assertThat(open.bindAddress().isAnyLocalAddress()).isTrue();
  }

  @Test
  void othersComeThroughAProxyWhereTheyAreToldAnAddress() throws IOException {
    WebRtcSettings proxied = webRtc("webrtc: {advertised_addresses: [203.0.113.7]}");
    assertThat(proxied.thisMachineOnly()).isFalse();
    assertThat(proxied.bindAddress().isAnyLocalAddress()).isTrue();
    assertThat(proxied.advertised()).containsExactly(InetAddress.ofLiteral("203.0.113.7"));
  }

  @Test
  void aNamedAddressIsTheOnlyOne() throws IOException {
    WebRtcSettings named = webRtc("webrtc: {address: 127.0.0.1, tcp: false}");
    assertThat(named.thisMachineOnly()).isFalse();
    assertThat(named.bindAddress()).isEqualTo(InetAddress.ofLiteral("127.0.0.1"));
    assertThat(named.tcp()).isFalse();
  }

  @Test
  void anAddressThatIsNoneIsToldByItsKey() {
    assertThatThrownBy(() -> webRtc("webrtc: {advertised_addresses: ['not an address']}"))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("webrtc.advertised_addresses");
  }
}
