// Photographs with the camera of this machine: `sigweb.photograph(taken)` shows the dialog; `taken(blob, number)` gets
// the cut-out of each photograph until somebody finishes. With `{ single: true }` the first photograph, uncut, ends it.
(() => {
  // Browsers give the camera to pages over HTTPS and on this very machine only.
  window.sigweb.cameraWorks = Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);
  const dialog = document.getElementById("camera");
  if (!dialog) return;
  const video = document.getElementById("camera-video");
  const status = document.getElementById("camera-status");
  const choice = document.getElementById("camera-choice");
  const shutter = document.getElementById("camera-shutter");
  const texts = dialog.dataset;
  let stream = null;
  let taken = () => {};
  let number = 0;
  let single = false;

  const stop = () => {
    for (const track of stream?.getTracks() || []) track.stop();
    stream = null;
    video.srcObject = null;
  };
  const cameras = async () => {
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
    const used = stream?.getVideoTracks()[0]?.getSettings().deviceId;
    choice.replaceChildren(...found.map((device, index) => {
      const label = device.label || `${texts.camera} ${index + 1}`;
      return new Option(label, device.deviceId, false, device.deviceId === used);
    }));
    choice.closest("label").hidden = found.length < 2;
  };
  const start = async (deviceId) => {
    stop();
    shutter.disabled = true;
    status.textContent = texts.starting;
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: "environment" } };
    try {
      const wanted = { ...which, width: { ideal: 2560 }, height: { ideal: 1440 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (!dialog.open) return stop(); // closed while the browser asked
      video.srcObject = stream;
      await video.play();
      await new Promise((resolve) => { setTimeout(resolve, 300); }); // the first pictures of a camera are dark
      await cameras();
    } catch (error) {
      const why = { NotAllowedError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy" };
      status.textContent = texts[why[error.name] || "failed"];
      return;
    }
    status.textContent = texts.ready;
    shutter.disabled = false;
    shutter.focus();
  };
  const picture = () => new Promise((resolve) => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(resolve, "image/jpeg", 0.95);
  });

  shutter.addEventListener("click", async () => {
    const whole = await picture();
    if (single) {
      dialog.close();
      taken(whole, 1);
      return;
    }
    const cut = await window.sigweb.crop(whole);
    if (!cut) return;
    number += 1;
    taken(cut, number);
    status.textContent = texts.taken.replace("%n", number);
    shutter.focus();
  });
  choice.addEventListener("change", () => start(choice.value));
  document.getElementById("camera-done").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
  window.sigweb.photograph = (told, options = {}) => {
    taken = told;
    single = Boolean(options.single);
    number = 0;
    dialog.showModal();
    start();
  };
})();
