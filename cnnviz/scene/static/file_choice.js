// A button that takes one file and hands its bytes to Python. What is larger than Python will read is
// not sent at all: a message that is too long would cut the connection to the kernel.

function render({ model, el }) {
  const label = document.createElement("label");
  const words = document.createElement("span");
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".png,.jpg,.jpeg,image/png,image/jpeg";
  words.textContent = model.get("words");
  label.className = "cnnviz-file";
  label.append(words, input);
  el.append(label);

  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const small = file.size <= model.get("most_bytes");
    const content = small ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array();
    model.send({ name: file.name, size: file.size }, undefined, [content.buffer]);
    input.value = "";  // so that the same file can be chosen again
  });
}

export default { render };
