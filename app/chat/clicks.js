// Tells the chat's script which citation was clicked, and brings what it opened into view.
export default function ({ data, setTriggerValue }) {
  const page = window.collabqaChat || (window.collabqaChat = {});
  if (page.clicked) document.removeEventListener("click", page.clicked);
  page.clicked = (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#cite-"]');
    if (!link) return;
    event.preventDefault();
    setTriggerValue("opened", link.getAttribute("href"));
  };
  document.addEventListener("click", page.clicked);
  if (page.opened === data.opened) return;
  page.opened = data.opened;
  if (data.opened) setTimeout(() => show(10), 150);
}

// The pane is drawn after this ran: look for it a few times.
function show(tries) {
  const pane = document.querySelector(".st-key-evidence");
  if (!pane) {
    if (tries > 0) setTimeout(() => show(tries - 1), 150);
    return;
  }
  if (window.matchMedia("(max-width: 900px)").matches) {
    pane.scrollIntoView({ behavior: "smooth", block: "start" });
    return;
  }
  const cited = pane.querySelector(".stMarkdownColoredBackground, [class*='st-key-cited-block']");
  if (!cited) return;
  const below = cited.getBoundingClientRect().bottom - pane.getBoundingClientRect().top;
  if (below > pane.clientHeight) pane.scrollTop += below - pane.clientHeight / 2;
}
