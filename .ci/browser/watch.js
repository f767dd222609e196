// Runs inside a page: what the decoded pictures and the sound of a <video> show, sampled ten times a second.
// `dark` is the share of pixels of the mouth's region that are dark, as the inside of an open mouth is; `moved` and
// `still` are how much the mouth's region and the forehead changed since the sample before.

window.watchAvatar = (video, rect) => {
  const samples = [];
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(new MediaStream(video.srcObject.getAudioTracks())).connect(analyser);
  context.resume();
  const sound = new Float32Array(2048);
  const canvas = document.createElement("canvas");
  canvas.width = rect.mouth[2];
  canvas.height = rect.mouth[3] + rect.still[3];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let before = null;
  const luma = (pixels, from, to) => {
    const out = [];
    for (let i = from * 4; i < to * 4; i += 4) out.push(0.3 * pixels[i] + 0.59 * pixels[i + 1] + 0.11 * pixels[i + 2]);
    return out;
  };
  const difference = (a, b) => a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / a.length;
  const timer = setInterval(() => {
    if (!video.videoWidth) return;
    const [mx, my, mw, mh] = rect.mouth;
    const [sx, sy, sw, sh] = rect.still;
    pen.drawImage(video, mx, my, mw, mh, 0, 0, mw, mh);
    pen.drawImage(video, sx, sy, sw, sh, 0, mh, sw, sh);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    const mouth = luma(pixels, 0, mw * mh);
    const still = luma(pixels, mw * mh, mw * mh + mw * sh);
    analyser.getFloatTimeDomainData(sound);
    const rms = Math.sqrt(sound.reduce((sum, x) => sum + x * x, 0) / sound.length);
    samples.push({
      at: performance.now(),
      rms,
      dark: mouth.filter((x) => x < 62).length / mouth.length,
      moved: before ? difference(mouth, before.mouth) : 0,
      still: before ? difference(still, before.still) : 0,
      state: document.body.dataset.state ?? "",
    });
    before = { mouth, still };
  }, 100);
  window.samples = samples;
  window.stopWatching = () => {
    clearInterval(timer);
    context.close();
  };
};
