// An answer as nodes: paragraphs, lists, code, tables, bold, formulas and our markers; all else is text. Nothing is ever
// set as HTML, and the only links are those of citations.
const SIGNS = { supported: "✓", partly: "~", "not checked": "?", "numbers differ": "≠", "not supported": "✗" };
const CLASSES = { supported: "supported", partly: "partly", "numbers differ": "differ", "not supported": "unsupported" };
const MEANINGS = {
  supported: "The passage says this.",
  partly: "The passage says part of this.",
  "not checked": "Nobody checked this against the passage.",
  "numbers differ": "A number or a name of this sentence does not stand in the passage.",
  "not supported": "The passage does not say this.",
};
const KINDS = { topic: "Wiki topic", page: "Web page" };
const DOUBTFUL = { draft: "draft", personal: "personal page", superseded: "superseded" };
const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]+`)/;
const MARKER = /\[(\d{1,3})\]/g;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+/;
const TABLE_RULE = /^\s*\|[\s:|]*-[\s:|-]*$/;
// Our markers stand as \uE000 number \uE001 in a text once they are resolved; no text brings such signs along.
const PART = /(\uE000\d+\uE001|`[^`]+`|\$\$[^$]+\$\$|\\\(.+?\\\)|\\\[.+?\\\]|\$(?!\s)[^$\n]*[^$\s]\$(?!\d)|\*\*[^*]+\*\*|!?\[[^\]]*\]\([^)]*\))/;
const LONGEST_FORMULA = 2000;

function made(tag, text = "", kind = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (kind) node.className = kind;
  return node;
}

/** The text of an answer, its markers as chips that open the place behind their own sentence. */
function answered(answer) {
  const cited = [];
  return [...blocks(resolved(answer, cited), cited)];
}

/** The text with each marker replaced by the number of its citation, which is added to cited. */
function resolved(answer, cited) {
  const text = answer.text.replace(/[\uE000\uE001]/g, "");
  const spans = sentences(text, answer.claims);
  const extractive = answer.model === "extractive";
  const behind = (marker, at) => {
    const span = spans.find(({ start, end }) => (extractive ? at === end : at <= end && (at > start || !at)));
    return span && span.claim.citations.find((each) => each.marker === marker);
  };
  let passed = 0;
  return text.split(CODE).map((piece, number) => {
    if (number % 2) {
      passed += squeezed(piece).length;
      return piece;
    }
    let written = "";
    let from = 0;
    for (const found of piece.matchAll(MARKER)) {
      const before = piece.slice(from, found.index);
      passed += squeezed(before).length;
      const citation = behind(found[1], passed);
      written += citation ? before.replace(/ $/, "\u00a0") : before + found[0];
      if (citation) written += `\uE000${cited.push(citation) - 1}\uE001`;
      from = found.index + found[0].length;
    }
    passed += squeezed(piece.slice(from)).length;
    return written + piece.slice(from);
  }).join("");
}

/** Where each claim stands in a text from which markers and white space are taken out. */
function sentences(text, claims) {
  const bare = squeezed(text);
  let at = 0;
  return claims.flatMap((claim) => {
    const said = squeezed(claim.sentence);
    const start = bare.indexOf(said, at);
    if (start < 0) return [];
    at = start + said.length;
    return [{ start, end: at, claim }];
  });
}

const squeezed = (text) => text.replace(MARKER, "").replace(/\s+/g, "");

function* blocks(text, cited) {
  for (const piece of text.split(/(```[\s\S]*?(?:```|$))/)) {
    if (piece.startsWith("```")) {
      const code = made("pre");
      code.append(made("code", piece.replace(/^```.*\n?/, "").replace(/```$/, "")));
      yield code;
      continue;
    }
    for (const block of piece.split(/\n\s*\n/)) {
      const equation = /^\s*(?:\$\$([^$]+)\$\$|\\\[([\s\S]+?)\\\])\s*$/.exec(block);
      if (equation) yield displayed(equation[1] || equation[2]);
      else if (/^\s*\|/.test(block)) yield table(block, cited);
      else yield* prose(block, cited);
    }
  }
}

function displayed(tex) {
  const node = made("div", "", "equation");
  node.append(mathematics(tex, true));
  return node;
}

const mathematics = (tex, display) => (tex.length > LONGEST_FORMULA ? made("code", tex) : formula(tex, display));

/** Paragraphs, headings and lists. */
function* prose(block, cited) {
  const groups = [];
  for (const line of block.split("\n").filter((each) => each.trim())) {
    const item = ITEM.exec(line);
    const kind = item ? (item[1] ? "ol" : "ul") : /^#{1,6}\s/.test(line) ? "h4" : "p";
    const last = groups.at(-1);
    if (item && last?.kind === kind) last.lines.push(line.slice(item[0].length));
    else if (item) groups.push({ kind, start: item[1], lines: [line.slice(item[0].length)] });
    else if (last && last.kind !== "h4" && kind === "p") last.lines.push(`${last.lines.pop()} ${line.trim()}`);
    else groups.push({ kind, lines: [line.replace(/^#+\s*/, "").trim()] });
  }
  for (const { kind, start, lines } of groups) {
    const node = made(kind);
    if (start) node.start = Number(start);
    for (const line of lines) {
      const into = kind === "ol" || kind === "ul" ? node.appendChild(made("li")) : node;
      into.append(...inline(line, cited));
    }
    yield node;
  }
}

function table(block, cited) {
  const node = made("table");
  const lines = block.trim().split("\n");
  lines.forEach((line, at) => {
    if (TABLE_RULE.test(line)) return;
    const row = node.insertRow();
    const tag = TABLE_RULE.test(lines[at + 1] || "") ? "th" : "td";
    for (const cell of line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/)) {
      row.appendChild(made(tag)).append(...inline(cell.trim(), cited));
    }
  });
  return node;
}

function* inline(text, cited) {
  const parts = text.split(PART);
  for (let at = 0; at < parts.length; at += 1) {
    const glued = /^\uE000/.test(parts[at + 1] || "") && /(?:\d[\d.,]* )?\S+\u00a0$/.exec(parts[at]);
    if (glued) {
      yield unescaped(parts[at].slice(0, glued.index));
      yield whole(unescaped(glued[0]), chip(Number(parts[(at += 1)].slice(1, -1)), cited));
    } else if (parts[at]) {
      yield piece(parts[at], cited);
    }
  }
}

/** The part of a line that PART found, or what stands between two of them. */
function piece(part, cited) {
  const link = /^!?\[([^\]]*)\]\(/.exec(part);
  if (/^\uE000/.test(part)) return chip(Number(part.slice(1, -1)), cited);
  if (link) return link[1];
  if (/^`.+`$/.test(part)) return made("code", part.slice(1, -1));
  if (/^\$\$.+\$\$$/s.test(part) || /^\\[([].+\\[)\]]$/s.test(part)) return mathematics(part.slice(2, -2), false);
  if (/^\$.+\$$/.test(part)) return mathematics(part.slice(1, -1), false);
  if (/^\*\*.+\*\*$/.test(part)) return strong(part.slice(2, -2), cited);
  return unescaped(part);
}

const unescaped = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

/** A word and the chip behind it, which stay on one line. */
function whole(...inside) {
  const node = made("span", "", "whole");
  node.append(...inside);
  return node;
}

function strong(text, cited) {
  const node = made("strong");
  node.append(...inline(text, cited));
  return node;
}

/** The button behind a sentence that opens and closes the place it rests on. */
function chip(number, cited) {
  const citation = cited[number];
  const first = cited.indexOf(citation) === number;
  const old = citation.status === "superseded";
  const kind = old ? "unsupported" : CLASSES[citation.verdict] || "unchecked";
  const node = made("button", `${citation.marker} ${SIGNS[citation.verdict]}${old && first ? " superseded" : ""}`, `chip ${kind}`);
  node.type = "button";
  node.title = `${citation.title}: ${citation.verdict}${old ? ", but the document is superseded" : ""}`;
  node.setAttribute("aria-label", `Source ${citation.marker}: ${citation.verdict}${old ? ", superseded" : ""}`);
  node.setAttribute("aria-expanded", "false");
  let card = null;
  node.addEventListener("click", () => {
    if (card) card.remove();
    card = card ? null : opened(citation);
    node.setAttribute("aria-expanded", String(Boolean(card)));
    if (card) node.closest("p, li, table, h4").after(card);
  });
  return node;
}

/** The card of a citation: the document, the words quoted, the verdict, and the way to the place itself. */
function opened(citation) {
  const card = made("aside");
  const heading = citation.heading.split(" > ").at(-1);
  const title = made("strong");
  title.append(...inline([citation.title, heading].filter(Boolean).join(" › "), []));
  const kind = citation.document_kind;
  const about = made("p", [KINDS[kind] || kind[0].toUpperCase() + kind.slice(1), day(citation.modified)].filter(Boolean).join(", "), "quiet");
  const doubt = DOUBTFUL[citation.status];
  if (doubt) about.append(" ", made("span", doubt, "doubt"));
  const quote = made("blockquote");
  quote.append(...blocks(citation.quote, []));
  const verdict = made("p", `${SIGNS[citation.verdict]} ${citation.verdict}`, CLASSES[citation.verdict] || "unchecked");
  if (citation.verdict !== "supported") verdict.append(`. ${MEANINGS[citation.verdict]}`);
  card.append(title, about, quote, verdict);
  if (/^https?:\/\//.test(citation.link)) {
    const link = made("a", "Open the document");
    link.href = citation.link;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    card.append(link);
  }
  return card;
}

function day(modified) {
  const form = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return modified ? new Date(modified).toLocaleDateString("en-GB", form) : "";
}
