// LaTeX as MathML, which browsers draw themselves. What is not known here is shown as it is written.
const MATHML = "http://www.w3.org/1998/Math/MathML";
const SYMBOLS = Object.fromEntries(
  (`alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
   nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ
   Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω ell ℓ hbar ℏ infty ∞ partial ∂ nabla ∇ emptyset ∅ degree ° circ ∘ prime ′
   dagger † pm ± mp ∓ times × cdot ⋅ div ÷ oplus ⊕ otimes ⊗ ast ∗ star ⋆ bullet ∙ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪
   gg ≫ approx ≈ sim ∼ simeq ≃ equiv ≡ propto ∝ lesssim ≲ gtrsim ≳ to → rightarrow → leftarrow ← leftrightarrow ↔
   Rightarrow ⇒ Leftrightarrow ⇔ mapsto ↦ in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ forall ∀ exists ∃ neg ¬ wedge ∧
   vee ∨ mid ∣ parallel ∥ perp ⊥ angle ∠ ldots … dots … cdots ⋯ langle ⟨ rangle ⟩ vert | Vert ‖ lbrace { rbrace } colon :
   sum ∑ prod ∏ int ∫ oint ∮ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ backslash \\`).trim().split(/\s+/)
    .reduce((pairs, word, at, all) => (at % 2 ? pairs : [...pairs, [word, all[at + 1]]]), []),
);
const FUNCTIONS = new Set("ln log exp sin cos tan sinh cosh tanh arcsin arccos arctan max min lim det arg dim Re Im".split(" "));
const ACCENTS = { hat: "^", widehat: "^", bar: "¯", overline: "¯", tilde: "~", widetilde: "~", vec: "→", dot: "˙", ddot: "¨" };
const TEXTS = new Set("text textrm textbf textit mathrm mathbf mathit mathsf mathtt rm operatorname mbox".split(" "));
const SPACES = { ",": 0.17, ":": 0.22, ";": 0.28, " ": 0.25, "!": 0, quad: 1, qquad: 2 };
const TOKEN = /\\[A-Za-z]+\*?|\\[\s\S]|\d+(?:\.\d+)?|\s+|[\s\S]/g;

const LETTERS = /^[A-Za-z\u0370-\u03ffℓℏ∞]$/;
const BREAKS = new Set("=≈≃∼≡≠<>≤≥≪≫∝→+−⊕".split(""));
const OPENING = new Set("([{⟨⌊⌈".split(""));
const CLOSING = new Set(")]}⟩⌋⌉!".split(""));

const element = (tag, ...inside) => {
  const node = document.createElementNS(MATHML, tag);
  node.append(...inside);
  return node;
};

/** A formula; display says that it stands on a line of its own. Within a line it can be broken behind a relation. */
function formula(tex, display) {
  const whole = row(tex.match(TOKEN) || [], () => false);
  if (display) {
    const math = element("math", whole);
    math.setAttribute("display", "block");
    return math;
  }
  const line = document.createElement("span");
  let part = element("mrow");
  for (const node of [...whole.childNodes]) {
    part.append(node);
    if (node.localName === "mo" && BREAKS.has(node.textContent)) {
      line.append(element("math", part));
      part = element("mrow");
    }
  }
  line.append(element("math", part));
  return line;
}

/** What is left, from the next token that is not white space. */
function skipped(left) {
  while (left.length && !left[0].trim()) left.shift();
  return left;
}

/** What stands before the token at which ends(token) holds; that token is taken away. */
function row(left, ends) {
  const made = element("mrow");
  while (skipped(left).length) {
    if (ends(left[0])) {
      left.shift();
      break;
    }
    const next = scripted(atom(left), left);
    // A sign that nothing stands before, or only another sign, belongs to what follows.
    const before = made.lastChild;
    if (/^[−+±∓]$/.test(next.textContent) && (!before || before.getAttribute("form") === "infix")) next.setAttribute("form", "prefix");
    made.append(next);
  }
  return made;
}

function scripted(base, left) {
  const scripts = {};
  while (["_", "^", "'"].includes(skipped(left)[0])) {
    const sign = left.shift();
    scripts[sign === "_" ? "_" : "^"] = sign === "'" ? element("mo", "′") : atom(left);
  }
  const stacked = /^[∑∏]$/.test(base.textContent) && base.localName === "mo";
  const [both, under, over] = stacked ? ["munderover", "munder", "mover"] : ["msubsup", "msub", "msup"];
  if (scripts._ && scripts["^"]) return element(both, base, scripts._, scripts["^"]);
  return scripts._ ? element(under, base, scripts._) : scripts["^"] ? element(over, base, scripts["^"]) : base;
}

/** One thing: a group, a number, a letter, or a command with what it takes. */
function atom(left) {
  const token = skipped(left).shift() ?? "";
  if (token === "{") return row(left, (next) => next === "}");
  if (/^\d/.test(token)) return element("mn", token);
  if (/^[A-Za-z]$/.test(token)) return element("mi", token);
  if (token === "~") return space(0.25);
  if (token[0] !== "\\" || token.length < 2) return operator(token === "-" ? "−" : token);
  return command(token.slice(1), left);
}

function command(name, left) {
  if (name in SPACES) return space(SPACES[name]);
  if (name in SYMBOLS) return LETTERS.test(SYMBOLS[name]) ? element("mi", SYMBOLS[name]) : operator(SYMBOLS[name]);
  if (FUNCTIONS.has(name)) return named(name);
  if (/^[dt]?frac$/.test(name)) return element("mfrac", atom(left), atom(left));
  if (name === "sqrt") return root(left);
  if (name in ACCENTS) return accented(name, left);
  if (TEXTS.has(name)) return element("mtext", words(left));
  if (name === "left") return fenced(left);
  if (name === "right" || /^[bB]igg?[lr]?$/.test(name)) return fence(left);
  if (name === "displaystyle" || name === "limits" || name === "nolimits") return element("mrow");
  if (name === "begin") return environment(left);
  return element("mtext", /^[A-Za-z]/.test(name) ? `\\${name}` : name === "\\" ? " " : name);
}

/** A sign with the room around it that it has wherever it stands. */
function operator(sign) {
  const made = element("mo", sign);
  made.setAttribute("form", OPENING.has(sign) ? "prefix" : CLOSING.has(sign) ? "postfix" : "infix");
  if (OPENING.has(sign) || CLOSING.has(sign) || "|∣/′°".includes(sign)) {
    for (const side of ["lspace", "rspace"]) made.setAttribute(side, "0");
    made.setAttribute("stretchy", "false");
  }
  return made;
}

/** A function's name, set off from what it is taken of. */
function named(name) {
  const made = element("mo", name);
  for (const side of ["lspace", "rspace"]) made.setAttribute(side, "0.17em");
  return made;
}

function space(width) {
  const made = element("mspace");
  made.setAttribute("width", `${width}em`);
  return made;
}

function root(left) {
  if (skipped(left)[0] !== "[") return element("msqrt", atom(left));
  left.shift();
  const degree = row(left, (next) => next === "]");
  return element("mroot", atom(left), degree);
}

function accented(name, left) {
  const made = element("mover", atom(left), element("mo", ACCENTS[name]));
  made.setAttribute("accent", "true");
  return made;
}

/** What stands between two brackets that are as large as it is. */
function fenced(left) {
  const opening = fence(left);
  const inside = row(left, (next) => next === "\\right");
  return element("mrow", opening, inside, fence(left));
}

/** A bracket as large as it must be; a full stop stands for none. */
function fence(left) {
  const token = skipped(left).shift() ?? ".";
  const sign = token === "." ? "" : token[0] === "\\" ? SYMBOLS[token.slice(1)] || token.slice(1) : token;
  const made = element("mo", sign);
  made.setAttribute("stretchy", "true");
  return made;
}

/** The words of a group as they are. */
function words(left) {
  if (skipped(left)[0] !== "{") return left.shift() ?? "";
  let said = "";
  let depth = 0;
  do {
    const token = left.shift();
    depth += token === "{" ? 1 : token === "}" ? -1 : 0;
    if (token !== "{" && token !== "}") said += token[0] === "\\" ? plain(token.slice(1)) : token;
  } while (depth && left.length);
  return said;
}

const plain = (name) => (name in SPACES ? "\u2009" : SYMBOLS[name] || name);

/** The rows of an environment: aligned, cases, matrices. */
function environment(left) {
  words(left);
  const rows = element("mtable");
  let cell = element("mtd");
  let line = element("mtr", cell);
  rows.append(line);
  while (skipped(left).length && left[0] !== "\\end") {
    if (left[0] === "&" || left[0] === "\\\\") {
      if (left.shift() !== "&") rows.append((line = element("mtr")));
      line.append((cell = element("mtd")));
    } else {
      cell.append(scripted(atom(left), left));
    }
  }
  left.shift();
  words(left);
  return rows;
}
