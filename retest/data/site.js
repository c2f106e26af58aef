// Narrows the table of claims to what is asked for; the address keeps it, so that a search can be sent to somebody.
"use strict";
(() => {
  const form = document.querySelector("form[role=search]");
  const rows = [...document.querySelectorAll("table.claims tbody tr")];
  const fields = { q: form.querySelector("#query"), state: form.querySelector("#state"), durability: form.querySelector("#durability") };
  const shown = form.querySelector("#shown");

  const fits = (row, words) =>
    words.every((word) => row.dataset.text.includes(word)) &&
    (!fields.state.value || row.dataset.state === fields.state.value) &&
    (!fields.durability.value || row.dataset.durability === fields.durability.value);

  const narrow = () => {
    const words = fields.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      row.hidden = !fits(row, words);
      left += row.hidden ? 0 : 1;
    }
    shown.textContent = left === rows.length ? `${left} claims` : `${left} of ${rows.length} claims`;
  };

  const asked = () => {
    const given = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) if (field.value) given.set(name, field.value);
    return given.toString();
  };

  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!Object.keys(fields).some((name) => given.has(name))) return;
    for (const [name, field] of Object.entries(fields)) field.value = given.get(name) ?? "";
    narrow();
    form.scrollIntoView();
  };

  form.hidden = false;
  narrow();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    narrow();
    history.replaceState(null, "", `#${asked() || "claims"}`);
  });
  window.addEventListener("hashchange", read);
  read();
})();
