package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where the picture of the closed mouth comes from while nobody speaks. */
public enum RestingMouth {
  /** The frames themselves show a closed mouth: silence needs no generator. */
  @JsonProperty("frames")
  FRAMES,

  /** The frames were filmed talking: the resting mouth is what the generator draws for silence. */
  @JsonProperty("generator")
  GENERATOR
}
