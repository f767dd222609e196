package io.lipstream.inference;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a network's file is, for people to read.
 *
 * @param producer the program that wrote it, as it calls itself; may be empty
 * @param opsets version of each operator set; the standard one is named ai.onnx
 * @param framesPerRun frames that one run computes; 1 where the file fixes the batch axis
 */
public record NetworkDescription(
    Path file,
    long sizeBytes,
    String producer,
    long irVersion,
    Map<String, Long> opsets,
    Provider provider,
    int framesPerRun,
    List<TensorDescription> inputs,
    List<TensorDescription> outputs) {}
