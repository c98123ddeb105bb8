// SPDX-License-Identifier: MIT
// Sorting by a click or Enter on a heading, and the filter, for a page that view_diff_html.c wrote.
(function () {
  "use strict";
  var body = document.querySelector("tbody"), heads = document.querySelectorAll("thead th");
  var rows = Array.prototype.slice.call(body.rows), filter = document.querySelector(".tools input");

  function key(row, i) {
    var cell = row.cells[i];
    return cell.dataset.v === undefined ? null : +cell.dataset.v;
  }

  function sort(i, down) {
    var numbers = rows.some(function (row) { return key(row, i) !== null; });
    rows.slice().sort(function (a, b) {
      var x = numbers ? key(a, i) : a.cells[i].textContent, y = numbers ? key(b, i) : b.cells[i].textContent;
      // What has no value is last either way.
      if (x === null || y === null) return (x === null) - (y === null) || rows.indexOf(a) - rows.indexOf(b);
      var order = numbers ? x - y : x.localeCompare(y);
      return (down ? -order : order) || rows.indexOf(a) - rows.indexOf(b);
    }).forEach(function (row) { body.appendChild(row); });
    heads.forEach(function (head, j) { head.setAttribute("aria-sort", j !== i ? "none" : down ? "descending" : "ascending"); });
  }

  heads.forEach(function (head, i) {
    var go = function () {
      var now = head.getAttribute("aria-sort");
      sort(i, now === "none" ? head.className === "r" : now === "ascending");
    };
    head.setAttribute("aria-sort", "none");
    head.tabIndex = 0;
    head.addEventListener("click", go);
    head.addEventListener("keydown", function (e) {
      if (e.key !== "Enter" && e.key !== " ") return;
      e.preventDefault();
      go();
    });
  });
  filter.hidden = rows.length < 2;
  filter.addEventListener("input", function () {
    var words = filter.value.toLowerCase();
    rows.forEach(function (row) {
      row.hidden = (row.cells[0].textContent + " " + row.cells[1].textContent).toLowerCase().indexOf(words) < 0;
    });
  });
})();
