// A photograph taken with the camera of this machine; announced as the event camera:taken with the file as detail.
(() => {
  const dialog = document.getElementById("vf-camera");
  if (!dialog) return;
  const video = dialog.querySelector("video");
  const note = dialog.querySelector("[data-note]");
  const shutter = dialog.querySelector("[data-shutter]");
  let stream = null;

  const stop = () => {
    for (const track of stream?.getTracks() || []) track.stop();
    stream = null;
    video.srcObject = null;
  };
  const start = async () => {
    note.textContent = "";
    shutter.disabled = true;
    dialog.showModal();
    // Browsers give the camera to pages over HTTPS and on this very machine only.
    if (!window.isSecureContext || !navigator.mediaDevices) {
      note.textContent = dialog.dataset.insecure;
      return;
    }
    try {
      const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 2560 }, height: { ideal: 1440 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      note.textContent = error.name === "NotAllowedError" ? dialog.dataset.denied : dialog.dataset.missing;
      return;
    }
    if (!dialog.open) return stop(); // closed while the browser asked
    video.srcObject = stream;
    await video.play();
    shutter.disabled = false;
    shutter.focus();
  };
  const shoot = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      dialog.close();
      const taken = new File([blob], dialog.dataset.name, { type: blob.type });
      document.dispatchEvent(new CustomEvent("camera:taken", { detail: taken }));
    }, "image/jpeg", 0.95);
  };

  for (const button of document.querySelectorAll("[data-camera]")) button.addEventListener("click", start);
  shutter.addEventListener("click", shoot);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
})();
