// <collabqa-chat>: ask the collaboration's documents from any page of an allowed origin.
//
//   <script src="https://qa.example.org/widget.js"></script>
//   <collabqa-chat label="Ask HELIX"></collabqa-chat>
//
// It acts with a short-lived token of the person who reads the page, and is light or dark as the page's color-scheme.
// The server sends this file behind mathematics.js and reading.js, all three inside one function.
const home = new URL(document.currentScript.src).origin;
const STAGES = { searching: "Searching …", reading: "Reading …", writing: "Writing …", checking: "Checking …" };
const STYLE = `
  :host { display: block; font: 15px/1.5 system-ui, sans-serif;
    --ink: light-dark(#1c2330, #e6e9ef); --soft: light-dark(#5b6577, #9aa4b5); --line: light-dark(#d9dee7, #343c4a);
    --paper: light-dark(#fff, #171b22); --tint: light-dark(#f3f6fb, #1f2530); --accent: light-dark(#1f5fbf, #7fb0ff);
    --good: light-dark(#1b7a43, #6fd39a); --fair: light-dark(#8a5a00, #f0c36a); --bad: light-dark(#b3261e, #ff9a92);
    --shade: light-dark(#0003, #fff3); }
  section { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
  ol.log { position: relative; list-style: none; margin: 0; padding: 0 16px; max-height: 60vh; overflow-y: auto; }
  .log:empty { display: none; } .log:empty + form { border-top: 0; }
  li.turn { padding: 12px 0; border-top: 1px solid var(--line); } li.turn:first-child { border: 0; }
  h3, h4 { font-size: 15px; margin: 0 0 6px; } p { margin: 0 0 8px; overflow-wrap: anywhere; text-wrap: pretty; }
  ul, div ol { margin: 0 0 8px; padding-left: 22px; } ul { list-style: disc; } .whole { white-space: nowrap; }
  .writing { white-space: pre-line; }
  pre { background: var(--tint); padding: 8px 10px; border-radius: 6px; overflow-x: auto; margin: 0 0 8px; }
  code { font: 13px/1.45 ui-monospace, monospace; }
  p:has(math), .equation { overflow-x: auto; overflow-y: hidden; } .equation { margin: 0 0 8px; padding: 2px 0; }
  table { border-collapse: collapse; margin: 0 0 8px; display: block; width: fit-content; max-width: 100%; overflow-x: auto;
    background: linear-gradient(to right, var(--paper) 35%, transparent) left / 40px 100% no-repeat local,
      linear-gradient(to left, var(--paper) 35%, transparent) right / 40px 100% no-repeat local,
      linear-gradient(to right, var(--shade), transparent) left / 12px 100% no-repeat scroll,
      linear-gradient(to left, var(--shade), transparent) right / 12px 100% no-repeat scroll; }
  td, th { border: 1px solid var(--line); padding: 3px 8px; text-align: left; min-width: 4em; }
  button { font: inherit; cursor: pointer; }
  .chip { position: relative; border: 1px solid var(--line); background: var(--tint); border-radius: 9px; padding: 0 6px;
    margin: 0 1px; font-size: 12px; line-height: 18px; white-space: nowrap; }
  .supported { color: var(--good); } .partly { color: var(--fair); }
  .differ, .unsupported, .doubt, .problem { color: var(--bad); }
  .unchecked, .quiet { color: var(--soft); font-size: 13px; }
  .doubt { border: 1px solid; border-radius: 5px; padding: 0 5px; }
  aside { background: var(--tint); border-left: 3px solid var(--accent); border-radius: 0 6px 6px 0; padding: 8px 12px; margin: 4px 0 8px;
    --paper: var(--tint); }
  aside p { margin: 0 0 4px; } blockquote { margin: 4px 0; padding-left: 10px; border-left: 2px solid var(--line); }
  a { color: var(--accent); }
  form { display: flex; gap: 8px; padding: 12px 16px; background: var(--tint); border-top: 1px solid var(--line); }
  input { flex: 1; min-width: 0; font: inherit; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px;
    background: var(--paper); color: var(--ink); }
  input::placeholder { color: var(--soft); opacity: 1; }
  form button { border: 0; border-radius: 8px; padding: 8px 14px; background: var(--accent); color: var(--paper); }
  form button:disabled { opacity: .5; cursor: default; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
  @media (pointer: coarse) {
    .chip::after { content: ""; position: absolute; inset: -12px -6px; }
    aside a { display: inline-block; padding: 8px 0; } input { font-size: 16px; }
  }`;

class Chat extends HTMLElement {
  #turns = [];
  #token = null;
  #log = made("ol");
  #input = made("input");
  #button = made("button", "Ask");

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const label = this.getAttribute("label") || "Ask the documents";
    const form = made("form");
    const frame = made("section");
    this.#log.className = "log";
    this.#log.setAttribute("role", "log");
    this.#log.setAttribute("aria-live", "polite");
    this.#input.placeholder = label;
    this.#input.setAttribute("aria-label", label);
    this.#input.maxLength = 4000;
    form.append(this.#input, this.#button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const question = this.#input.value.trim();
      if (question && !this.#button.disabled) this.#ask(question);
    });
    frame.append(this.#log, form);
    root.append(made("style", STYLE), frame);
  }

  async #ask(question) {
    const turn = made("li", "", "turn");
    const status = made("p", STAGES.searching, "quiet");
    const body = made("div");
    turn.append(made("h3", question), body, status);
    turn.setAttribute("aria-busy", "true");
    this.#log.append(turn);
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#input.value = "";
    this.#button.disabled = true;
    let written = "";
    try {
      for await (const event of this.#events(question)) {
        if (event.event === "stage") status.textContent = STAGES[event.stage] || "";
        if (event.event === "words") body.replaceChildren(made("p", (written += event.text), "writing"));
        if (event.event === "error") throw new Error(event.error);
        if (event.event === "answer") this.#show(event.answer, body, status);
      }
    } catch (problem) {
      status.className = "problem";
      status.textContent = problem.message;
      this.#input.value = question;
    } finally {
      this.#button.disabled = false;
      turn.setAttribute("aria-busy", "false");
      this.#log.scrollTop = turn.offsetTop;
    }
  }

  async *#events(question) {
    const request = { question, turns: this.#turns };
    let answer = await this.#post("/api/ask/stream", request);
    if (answer.status === 401) {
      this.#token = null;
      answer = await this.#post("/api/ask/stream", request);
    }
    if (!answer.ok) throw new Error(`The assistant answered with status ${answer.status}.`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      held += value;
      const parts = held.split("\n\n");
      held = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  }

  async #post(path, body) {
    if (!this.#token) this.#token = (await (await this.#fetch("/api/token", {}, {})).json()).token;
    return this.#fetch(path, body, { Authorization: `Bearer ${this.#token}` });
  }

  async #fetch(path, body, headers) {
    try {
      return await fetch(home + path, {
        method: "POST",
        credentials: path === "/api/token" ? "include" : "omit",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    } catch {
      throw new Error("The assistant cannot be reached, or this page is not allowed to ask it.");
    }
  }

  #show(answer, body, status) {
    body.replaceChildren(...answered(answer));
    status.textContent = [...answer.notes.map((note) => `Note: ${note}.`), howMade(answer)].join(" ");
    this.#turns.push({ question: answer.question, answer: answer.text });
  }
}

function howMade(answer) {
  const took = `${answer.seconds.toFixed(1)}\u00a0s`;
  const extractive = answer.model === "extractive";
  if (answer.refused) return extractive ? `Searched in ${took}` : `${answer.model} found no answer in the passages · ${took}`;
  const bare = answer.claims.filter((claim) => !claim.citations.length).length;
  const without = bare ? [`${bare} of ${answer.claims.length} sentences without a source`] : [];
  return [extractive ? "The documents' own sentences" : `Written by ${answer.model}`, ...without, took].join(" · ");
}

if (!customElements.get("collabqa-chat")) customElements.define("collabqa-chat", Chat);
