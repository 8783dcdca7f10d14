// A click on a column's head sorts by it, a second turns the order, a third brings back the page's own.
// (A head with a real button would not be repeated on the sheets of a long table.)
document.querySelectorAll("th span").forEach((button) => {
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); button.click(); }
  });
  button.addEventListener("click", () => {
    const head = button.parentElement, body = head.closest("table").tBodies[0];
    const place = [...head.parentElement.children].indexOf(head);
    const order = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
    const sort = order === undefined ? "ascending" : order;
    const rows = [...body.rows];
    rows.forEach((row, number) => { row.dataset.place ??= number; });
    const key = (row) => row.cells[place].dataset.value ?? (head.classList.contains("number") ? NaN : row.cells[place].textContent);
    const own = (a, b) => a.dataset.place - b.dataset.place;
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (head.classList.contains("number")) {
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y) || own(a, b);  // missing ones stay last
        return (sort === "ascending" ? x - y : y - x) || own(a, b);
      }
      return (sort === "ascending" ? 1 : -1) * x.localeCompare(y) || own(a, b);
    };
    head.parentElement.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    if (sort) head.setAttribute("aria-sort", sort);
    head.closest("table").classList.toggle("sorted", Boolean(sort));  // rows are in no groups then
    body.append(...rows.sort(sort ? compare : own));
  });
});
// The part that is read is marked in the table of contents.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const reading = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) =>
  links.forEach((link, anchor) => link.classList.toggle("here", anchor === entry.target.id))), { rootMargin: "-10% 0px -80% 0px" });
document.querySelectorAll(".part").forEach((part) => reading.observe(part));
