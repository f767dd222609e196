package io.lipstream.app.config;

/**
 * How ONNX Runtime runs a network.
 *
 * @param maxModelMb the largest file that is opened
 */
public record OnnxConfig(
    int cudaStreamsPerWorker, int intraOpThreads, int interOpThreads, int maxModelMb) {
  static final OnnxConfig DEFAULT = new OnnxConfig(1, 1, 1, 1024);

  public OnnxConfig {
    Check.that(
        cudaStreamsPerWorker == 1,
        "onnx.cuda_streams_per_worker",
        "must be 1, not "
            + cudaStreamsPerWorker
            + ": ONNX Runtime gives each session one stream, so more parallel streams on a GPU"
            + " come from server.worker_count_per_gpu");
    Check.range("onnx.intra_op_threads", intraOpThreads, 1, 256);
    Check.range("onnx.inter_op_threads", interOpThreads, 1, 256);
    Check.range("onnx.max_model_mb", maxModelMb, 1, 2047);
  }
}
