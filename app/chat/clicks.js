// Tells the chat's script which citation was clicked, brings what it opened into view, and leads back from there.
export default function ({ data, setTriggerValue }) {
  const page = window.collabqaChat || (window.collabqaChat = { heard: [] });
  for (const [kind, listener] of page.heard) document.removeEventListener(kind, listener);
  page.heard = [
    ["click", (event) => {
      const link = event.target.closest && event.target.closest('a[href^="#cite-"]');
      if (!link) return;
      event.preventDefault();
      setTriggerValue("opened", link.getAttribute("href"));
    }],
    ["keydown", (event) => {
      const busy = event.defaultPrevented || document.querySelector('[data-testid="stPopoverBody"]');
      const close = document.querySelector(".st-key-close button");
      if (event.key === "Escape" && close && !busy) close.click();
    }],
  ];
  for (const [kind, listener] of page.heard) document.addEventListener(kind, listener);
  if (page.place === data.place) return;
  page.place = data.place;
  if (data.place) {
    page.address = data.address || page.address;
    whenDrawn(true, show);
  } else {
    whenDrawn(false, () => back(page.address));
  }
}

// The pane is drawn, or taken away, after this ran: look for it a few times.
function whenDrawn(there, then, tries = 10) {
  setTimeout(() => {
    const pane = document.querySelector(".st-key-evidence");
    if (Boolean(pane) === there) then(pane);
    else if (tries) whenDrawn(there, then, tries - 1);
  }, 150);
}

function show(pane) {
  pane.setAttribute("role", "region");
  pane.setAttribute("aria-label", "The cited place");
  pane.tabIndex = -1;
  focus(pane);
  const cited = pane.querySelector(".stMarkdownColoredBackground, [class*='st-key-cited-block']");
  const below = cited ? cited.getBoundingClientRect().bottom - pane.getBoundingClientRect().top : 0;
  pane.scrollTop = below > pane.clientHeight ? below - pane.clientHeight / 2 : 0;
}

// Whoever closed the pane goes on where they opened it; whoever is busy elsewhere stays there.
function back(address) {
  if (address && document.activeElement === document.body) focus(document.querySelector(`a[href="${address}"]`));
}

function focus(node) {
  if (node) node.focus({ preventScroll: true });
}
