// <collabqa-chat>: ask the collaboration's documents from any page of an allowed origin.
//
//   <script src="https://qa.example.org/widget.js"></script>
//   <collabqa-chat label="Ask HELIX"></collabqa-chat>
//
// It acts with a short-lived token of the person who reads the page. Whatever a model or a document says is set as
// text, never as HTML; the only links are those of citations.
(() => {
  const home = new URL(document.currentScript.src).origin;
  const SIGNS = { supported: "✓", partly: "~", "numbers differ": "≠", "not supported": "✗", "not checked": "?" };
  const STAGES = { searching: "Searching …", reading: "Reading …", writing: "Writing …", checking: "Checking …" };
  const STYLE = `
    :host { display: block; font: 15px/1.5 system-ui, sans-serif; color-scheme: light dark;
      --ink: light-dark(#1c2330, #e6e9ef); --soft: light-dark(#5b6577, #9aa4b5); --line: light-dark(#d9dee7, #343c4a);
      --paper: light-dark(#fff, #171b22); --tint: light-dark(#f3f6fb, #1f2530); --accent: light-dark(#1f5fbf, #7fb0ff);
      --good: light-dark(#1b7a43, #6fd39a); --fair: light-dark(#8a5a00, #f0c36a); --bad: light-dark(#b3261e, #ff9a92); }
    section { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
    ol { list-style: none; margin: 0; padding: 0 16px; max-height: 60vh; overflow-y: auto; }
    li.turn { padding: 12px 0; border-top: 1px solid var(--line); } li.turn:first-child { border: 0; }
    h3 { font-size: 15px; margin: 0 0 6px; } p { margin: 0 0 8px; overflow-wrap: anywhere; }
    pre { background: var(--tint); padding: 8px 10px; border-radius: 6px; overflow-x: auto; margin: 0 0 8px; }
    code { font: 13px/1.45 ui-monospace, monospace; } .formula { font-style: italic; }
    table { border-collapse: collapse; margin: 0 0 8px; display: block; overflow-x: auto; }
    td, th { border: 1px solid var(--line); padding: 2px 8px; text-align: left; }
    button { font: inherit; cursor: pointer; }
    .chip { border: 1px solid var(--line); background: var(--tint); color: var(--accent); border-radius: 9px; padding: 0 6px;
      margin: 0 2px; font-size: 12px; line-height: 18px; }
    .supported { color: var(--good); } .partly { color: var(--fair); } .differ, .unsupported { color: var(--bad); }
    .unchecked, .quiet { color: var(--soft); font-size: 13px; } .problem { color: var(--bad); }
    aside { background: var(--tint); border-left: 3px solid var(--accent); border-radius: 0 6px 6px 0; padding: 8px 12px; margin: 0 0 8px; }
    blockquote { margin: 4px 0; white-space: pre-wrap; } a { color: var(--accent); }
    form { display: flex; gap: 8px; padding: 12px 16px; background: var(--tint); border-top: 1px solid var(--line); }
    input { flex: 1; min-width: 0; font: inherit; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: var(--ink); }
    form button { border: 0; border-radius: 8px; padding: 8px 14px; background: var(--accent); color: var(--paper); }
    form button:disabled { opacity: .5; cursor: default; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }`;

  const made = (tag, text = "", kind = "") => {
    const node = document.createElement(tag);
    node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };

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
      this.#log.append(turn);
      this.#input.value = "";
      this.#button.disabled = true;
      let written = "";
      try {
        for await (const event of this.#events(question)) {
          if (event.event === "stage") status.textContent = STAGES[event.stage] || "";
          if (event.event === "words") body.replaceChildren(made("p", (written += event.text)));
          if (event.event === "error") throw new Error(event.error);
          if (event.event === "answer") this.#show(event.answer, body, status);
        }
      } catch (problem) {
        status.className = "problem";
        status.textContent = problem.message;
        this.#input.value = question;
      } finally {
        this.#button.disabled = false;
        turn.scrollIntoView({ block: "nearest" });
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
      const cited = new Map();
      for (const claim of answer.claims) for (const each of claim.citations) {
        cited.set(each.marker, [...(cited.get(each.marker) || []), each]);
      }
      body.replaceChildren(...blocks(answer.text, cited));
      const how = answer.model === "extractive" ? "The documents' own sentences" : `Written by ${answer.model}, each sentence checked`;
      status.textContent = [...answer.notes, `${how}; ${answer.seconds.toFixed(1)} s.`].join(" ");
      this.#turns.push({ question: answer.question, answer: answer.text });
    }
  }

  // Markdown to DOM: paragraphs, lists, code, tables, bold, code, formulas and our markers; all else is text.
  function* blocks(text, cited) {
    for (const piece of text.split(/(```[\s\S]*?(?:```|$))/)) {
      if (piece.startsWith("```")) {
        const pre = made("pre");
        pre.append(made("code", piece.replace(/^```.*\n?/, "").replace(/```$/, "")));
        yield pre;
      } else {
        for (const block of piece.split(/\n\s*\n/)) {
          if (!block.trim()) continue;
          yield /^\s*\|/.test(block) ? table(block, cited) : paragraph(block, cited);
        }
      }
    }
  }

  function paragraph(block, cited) {
    const node = made("p");
    block.split("\n").forEach((line, at) => {
      if (at) node.append(/^\s*(?:[-*+]|\d+[.)]|#)/.test(line) ? made("br") : " ");
      node.append(...inline(line.replace(/^#+\s*/, "").replace(/^(\s*)[-*+]\s+/, "$1• "), cited));
    });
    return node;
  }

  function table(block, cited) {
    const node = made("table");
    const rows = block.trim().split("\n").filter((line) => !/^\s*\|?[\s:|-]+$/.test(line));
    for (const line of rows) {
      const row = node.insertRow();
      for (const cell of line.trim().replace(/^\||\|$/g, "").split("|")) row.insertCell().append(...inline(cell.trim(), cited));
    }
    return node;
  }

  function* inline(text, cited) {
    for (const part of text.split(/(`[^`]+`|\$[^$]+\$|\*\*[^*]+\*\*|!?\[[^\]]*\]\([^)]*\)|\[\d+\])/)) {
      const link = /^!?\[([^\]]*)\]\(/.exec(part);
      const marker = /^\[(\d+)\]$/.exec(part);
      if (marker && cited.has(marker[1])) yield* chips(marker[1], cited.get(marker[1]));
      else if (link) yield link[1];
      else if (/^`.+`$/.test(part)) yield made("code", part.slice(1, -1));
      else if (/^\$.+\$$/.test(part)) yield made("span", part.slice(1, -1), "formula");
      else if (/^\*\*.+\*\*$/.test(part)) yield made("strong", part.slice(2, -2));
      else if (part) yield part;
    }
  }

  const KINDS = { supported: "supported", partly: "partly", "numbers differ": "differ", "not supported": "unsupported" };
  const worst = (citations) => Object.keys(SIGNS).reverse().find((verdict) => citations.some((each) => each.verdict === verdict));

  function* chips(marker, citations) {
    const verdict = worst(citations);
    const chip = made("button", `${marker} ${SIGNS[verdict]}`, `chip ${KINDS[verdict] || "unchecked"}`);
    chip.type = "button";
    chip.setAttribute("aria-expanded", "false");
    chip.title = `${citations[0].title}: ${verdict}`;
    let card = null;
    chip.addEventListener("click", () => {
      if (card) card.remove();
      card = card ? null : opened(citations);
      chip.setAttribute("aria-expanded", String(Boolean(card)));
      if (card) chip.closest("p, table").after(card);
    });
    yield chip;
  }

  function opened(citations) {
    const card = made("aside");
    const first = citations[0];
    card.append(made("strong", [first.title, first.heading].filter(Boolean).join(" › ")));
    for (const each of citations) {
      card.append(made("blockquote", each.quote), made("p", `${SIGNS[each.verdict]} ${each.verdict}`, KINDS[each.verdict] || "unchecked"));
    }
    if (/^https?:\/\//.test(first.link)) {
      const link = made("a", "Open the place");
      link.href = first.link;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      card.append(link);
    }
    return card;
  }

  if (!customElements.get("collabqa-chat")) customElements.define("collabqa-chat", Chat);
})();
