// Cut and turn a picture: `sigweb.crop(blob or address)` shows the dialog and gives the cut-out as a Blob, or null.
(() => {
  const dialog = document.getElementById("crop");
  if (!dialog || !window.Cropper) return;
  const LONGEST = 4000; // pixels of a side; more shows no more of a pen stroke
  const texts = dialog.dataset;
  const stage = document.getElementById("crop-stage");
  const slant = document.getElementById("crop-slant");
  const size = document.getElementById("crop-size");
  const use = document.getElementById("crop-use");
  let cropper = null;
  let turned = 0; // degrees, in quarters
  let settle = () => {};

  const tell = () => {
    const { width, height } = cropper.getData(true);
    size.textContent = texts.size.replace("%w", width).replace("%h", height);
  };

  // The picture as large as the stage takes it, the box a little inside.
  const fit = () => {
    const room = cropper.getContainerData();
    const { width, height } = cropper.getCanvasData();
    const scale = Math.min(room.width / width, room.height / height);
    const wide = width * scale;
    const high = height * scale;
    const [left, top] = [(room.width - wide) / 2, (room.height - high) / 2];
    cropper.clear(); // a picture is never made smaller than its box
    cropper.setCanvasData({ left, top, width: wide, height: high });
    cropper.crop();
    cropper.setCropBoxData({ left: left + wide * 0.04, top: top + high * 0.04, width: wide * 0.92, height: high * 0.92 });
    tell();
  };

  const turn = (degrees) => {
    turned = (turned + degrees + 360) % 360;
    cropper.rotateTo(turned + Number(slant.value));
    fit();
  };

  // What turning leaves bare is filled with the colour of the paper: a white wedge on grey paper would look like ink.
  const paper = (image) => {
    const small = document.createElement("canvas");
    small.width = small.height = 32;
    const pen = small.getContext("2d");
    pen.drawImage(image, 0, 0, 32, 32);
    const { data } = pen.getImageData(0, 0, 32, 32);
    const pixels = [];
    for (let at = 0; at < data.length; at += 4) pixels.push([data[at], data[at + 1], data[at + 2]]);
    pixels.sort((a, b) => a[0] + a[1] + a[2] - b[0] - b[1] - b[2]);
    return `rgb(${pixels[Math.floor(pixels.length * 0.75)].join()})`;
  };

  const blob = (canvas, kind) => new Promise((resolve) => { canvas.toBlob(resolve, kind, 0.93); });
  const cut = async () => {
    const fillColor = paper(stage.querySelector(".cropper-canvas img") || stage.querySelector("img"));
    const canvas = cropper.getCroppedCanvas({ maxWidth: LONGEST, maxHeight: LONGEST, fillColor, imageSmoothingQuality: "high" });
    const exact = canvas && await blob(canvas, "image/png");
    return exact && exact.size > Number(texts.maxBytes) ? blob(canvas, "image/jpeg") : exact;
  };

  const close = () => {
    cropper?.destroy();
    cropper = null;
    const image = stage.querySelector("img");
    if (image?.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image?.remove();
    if (dialog.open) dialog.close();
  };

  window.sigweb.crop = (source) => new Promise((resolve) => {
    settle = (result) => { close(); resolve(result); };
    const image = new Image();
    image.alt = "";
    turned = 0;
    slant.value = 0;
    use.disabled = true;
    size.textContent = texts.loading;
    stage.append(image);
    dialog.showModal();
    image.onload = () => {
      image.onload = null;
      cropper = new window.Cropper(image, {
        viewMode: 1, dragMode: "crop", autoCropArea: 0.92, background: false, checkOrientation: false,
        checkCrossOrigin: false, toggleDragModeOnDblclick: false, cropend: tell,
        ready: () => { use.disabled = false; tell(); stage.focus(); },
      });
    };
    image.onerror = () => { size.textContent = texts.unseen; };
    image.src = typeof source === "string" ? source : URL.createObjectURL(source);
  });

  use.addEventListener("click", async () => {
    use.disabled = true;
    settle(await cut());
  });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); settle(null); });
  document.getElementById("crop-cancel").addEventListener("click", () => settle(null));
  slant.addEventListener("input", () => {
    cropper?.rotateTo(turned + Number(slant.value));
    if (cropper) tell();
  });
  for (const button of dialog.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => { if (cropper) turn(Number(button.dataset.turn)); });
  }

  // Arrow keys move the box, with Shift they resize it; plus and minus zoom; Enter takes it.
  stage.addEventListener("keydown", (event) => {
    if (!cropper) return;
    const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
    const box = cropper.getCropBoxData();
    if (event.key === "Enter") use.click();
    else if (event.key === "+" || event.key === "-") cropper.zoom(event.key === "+" ? 0.1 : -0.1);
    else if (!across && !down) return;
    else if (event.shiftKey) cropper.setCropBoxData({ width: box.width + 8 * across, height: box.height + 8 * down });
    else cropper.setCropBoxData({ left: box.left + 8 * across, top: box.top + 8 * down });
    event.preventDefault();
    if (cropper) tell();
  });
})();
