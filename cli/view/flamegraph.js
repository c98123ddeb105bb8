// SPDX-License-Identifier: MIT
// Zoom, search, keys and the window's width for a picture that flamegraph_draw.c wrote.
(function () {
  "use strict";
  var svg = (document.currentScript && document.currentScript.ownerSVGElement) || document.documentElement;
  var alone = svg === document.documentElement;
  var EDGE = +svg.dataset.edge, FRAME = +svg.dataset.frame, HTML = "http://www.w3.org/1999/xhtml";
  var height = +svg.getAttribute("height"), head = svg.querySelector(".head");
  var lines = head.querySelectorAll(".h"), note = lines[lines.length - 1];
  var frames = Array.prototype.map.call(svg.querySelectorAll(".f"), function (g, i) {
    return { g: g, i: i, x: +g.dataset.x, w: +g.dataset.w, d: +g.dataset.d, up: null, on: [],
      rect: g.querySelector("rect"), text: g.querySelector("text"),
      words: g.querySelector("title").textContent, name: g.querySelector("title").textContent.split("\n")[0] };
  });
  var title = head.querySelector(".title"), titleWords = title.textContent;
  var root = frames[0], view = root, here = null, width = 0, column = 7.3, query = "", found = [];

  // Callers come first.  A frame stands on the one of the depth below that spans its beginning; the tolerance is for
  // sums of doubles.
  (function () {
    var rows = [];
    frames.forEach(function (f) { (rows[f.d] = rows[f.d] || []).push(f); });
    rows.forEach(function (row, d) {
      row.sort(function (a, b) { return a.x - b.x; });
      var below = d ? rows[d - 1] : [], at = 0;
      row.forEach(function (f) {
        if (!d) return;
        while (at + 1 < below.length && below[at + 1].x <= f.x + f.w / 2) at++;
        f.up = below[at];
        f.up.on.push(f);
      });
    });
  })();

  function cut(name, room) {
    var letters = Array.from(name);
    return letters.length <= room ? name : letters.slice(0, room - 1).join("") + "\u2026";
  }

  function place(f, x, w, visible, under) {
    f.g.style.display = visible ? "" : "none";
    if (!visible) return;
    f.g.classList.toggle("under", under);
    f.rect.setAttribute("x", x);
    f.rect.setAttribute("width", Math.max(0, w));
    var room = Math.floor((w - 6) / column);
    if (room < 3) {
      if (f.text) f.text.style.display = "none";
      return;
    }
    if (!f.text) {
      f.text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      f.text.setAttribute("y", +f.rect.getAttribute("y") + 13);
      f.g.appendChild(f.text);
    }
    f.text.style.display = "";
    f.text.setAttribute("x", x + 4);
    f.text.textContent = cut(f.name, room);
  }

  function below(f) {
    var all = [];
    for (var up = f.up; up; up = up.up) all.push(up);
    return all;
  }

  function draw() {
    var inner = width - 2 * EDGE, scale = inner / (view.w || 1), under = new Set(below(view));
    frames.forEach(function (f) {
      if (under.has(f)) return place(f, EDGE, inner, true, true);
      var inside = f.d >= view.d && f.x + f.w / 2 >= view.x && f.x + f.w / 2 <= view.x + view.w;
      if (f.d === view.d) inside = f === view;
      place(f, EDGE + (f.x - view.x) * scale, f.w * scale, inside, false);
    });
  }

  function resize() {
    var now = alone ? document.documentElement.clientWidth || window.innerWidth : svg.getBoundingClientRect().width;
    now = Math.max(now || 1200, 320);
    if (now === width) return;
    width = now;
    svg.setAttribute("width", width);
    svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    tools.setAttribute("x", Math.max(EDGE, width - 330));
    title.textContent = cut(titleWords, Math.max(1, Math.floor((width - 350) / 10)));
    draw();
  }

  // What the frame under the pointer or the keys is, in one line.
  function tell(f) {
    var words = f ? f.words.split("\n").join(" \u00b7 ") : query ? matched() : "";
    note.textContent = words;
    note.classList.toggle("told", !!words);
  }

  function matched() {
    var sum = 0, end = -1;
    // Matches above other matches are in their width already.
    found.slice().sort(function (a, b) { return a.x - b.x || a.d - b.d; }).forEach(function (f) {
      if (f.x + f.w / 2 < end) return;
      sum += f.w;
      end = f.x + f.w;
    });
    return found.length + (found.length === 1 ? " frame matches, " : " frames match, ") +
      (root.w ? (100 * sum / root.w).toFixed(2) : "0.00") + " % of the time drawn";
  }

  function remember() {
    var hash = [];
    if (view !== root) hash.push("f=" + view.i);
    if (query) hash.push("s=" + encodeURIComponent(query));
    try {
      history.replaceState(null, "", hash.length ? "#" + hash.join("&") : location.pathname + location.search);
    } catch (e) { /* a place without history */ }
  }

  function zoom(f) {
    view = f;
    draw();
    remember();
  }

  function go(f, focus) {
    if (!f) return;
    if (here) {
      here.g.classList.remove("here");
      here.g.removeAttribute("tabindex");
    }
    here = f;
    f.g.classList.add("here");
    f.g.setAttribute("tabindex", "0");
    f.g.setAttribute("role", "button");
    if (focus) f.g.focus({ preventScroll: true });
    if (focus && f.rect.scrollIntoView) f.rect.scrollIntoView({ block: "nearest" });
    tell(f);
  }

  function search(text) {
    var test, pattern = /^\/(.+)\/$/.exec(text);
    query = text;
    try {
      var expression = pattern && new RegExp(pattern[1]), lower = text.toLowerCase();
      test = function (name) { return expression ? expression.test(name) : name.toLowerCase().indexOf(lower) >= 0; };
    } catch (e) {
      test = function () { return false; };
    }
    found = [];
    frames.forEach(function (f) {
      var hit = !!text && f !== root && test(f.name);
      f.g.classList.toggle("found", hit);
      if (hit) found.push(f);
    });
    tell(null);
    remember();
  }

  function next(step) {
    if (!found.length) return;
    var at = found.indexOf(here);
    go(found[(at < 0 ? (step > 0 ? 0 : -1) : at + step + found.length) % found.length] || found[found.length - 1], true);
    if (here.g.style.display === "none") zoom(root);
  }

  function reset() {
    field.value = "";
    search("");
    zoom(root);
  }

  function shown(f) { return f.g.style.display !== "none"; }

  function beside(f, step) {
    var row = frames.filter(function (o) { return o.d === f.d && shown(o) && o.w > 0; });
    row.sort(function (a, b) { return a.x - b.x; });
    return row[row.indexOf(f) + step];
  }

  function widest(f) {
    return f.on.filter(shown).reduce(function (a, b) { return !a || b.w > a.w ? b : a; }, null);
  }

  var keys = {
    ArrowUp: function () { go(here ? widest(here) : view, true); },
    ArrowDown: function () { go(here ? here.up : view, true); },
    ArrowLeft: function () { go(here ? beside(here, -1) : view, true); },
    ArrowRight: function () { go(here ? beside(here, 1) : view, true); },
    Home: function () { go(root, true); },
    Enter: function () { if (here) zoom(here); },
    " ": function () { if (here) zoom(here); },
    Escape: reset,
    "/": function () { field.focus(); field.select(); },
    n: function () { next(1); },
    N: function () { next(-1); }
  };

  var byElement = new Map(frames.map(function (f) { return [f.g, f]; }));

  function frameOf(target) {
    return byElement.get(target.closest ? target.closest(".f") : null);
  }

  // Field and button, which only a browser can show.
  var tools = document.createElementNS("http://www.w3.org/2000/svg", "foreignObject");
  var field = document.createElementNS(HTML, "input"), button = document.createElementNS(HTML, "button");
  tools.setAttribute("y", 6);
  tools.setAttribute("width", 320);
  tools.setAttribute("height", 28);
  field.setAttribute("type", "search");
  field.setAttribute("placeholder", "search (/): text or /regex/");
  field.setAttribute("aria-label", "search functions");
  field.style.width = "220px";
  button.textContent = "Reset (Esc)";
  button.style.marginLeft = "6px";
  button.addEventListener("click", reset);
  field.addEventListener("input", function () { search(field.value); });
  field.addEventListener("keydown", function (e) {
    if (e.key === "Escape") { reset(); svg.focus(); }
    if (e.key === "Enter") next(1);
    e.stopPropagation();
  });
  tools.appendChild(field);
  tools.appendChild(button);
  head.appendChild(tools);
  note.setAttribute("aria-live", "polite");

  svg.setAttribute("tabindex", "0");
  svg.style.outline = "none";
  svg.addEventListener("click", function (e) {
    var f = frameOf(e.target);
    if (!f) return;
    go(f, false);
    zoom(f);
  });
  svg.addEventListener("mouseover", function (e) {
    var f = frameOf(e.target);
    if (f) tell(f);
  });
  svg.addEventListener("mouseout", function (e) {
    if (frameOf(e.target)) tell(null);
  });
  (alone ? window : svg).addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.altKey || e.metaKey || !keys[e.key]) return;
    if (button === e.target) return;
    keys[e.key]();
    e.preventDefault();
  });
  window.addEventListener("resize", resize);
  if (alone) {
    // The head stays in sight where the picture is taller than the window.
    var page = head.querySelector(".page"), stay = function () {
      var room = height - (window.innerHeight || height);
      head.setAttribute("transform", "translate(0," + Math.max(0, Math.min(window.scrollY, room)) + ")");
      page.setAttribute("height", window.scrollY > 0 && room > 0 ? +note.getAttribute("y") + 8 : 0);
    };
    window.addEventListener("scroll", stay);
  }

  var probe = root.text;
  if (probe && probe.getComputedTextLength && probe.textContent.length)
    column = probe.getComputedTextLength() / probe.textContent.length || column;
  resize();
  if (alone) {
    window.scrollTo(0, height);
    stay();
  }
  var asked = /[#&]f=(\d+)/.exec(location.hash), words = /[#&]s=([^&]*)/.exec(location.hash);
  if (words) {
    try { field.value = decodeURIComponent(words[1]); } catch (e) { field.value = ""; }
    search(field.value);
  }
  if (asked && frames[+asked[1]]) zoom(frames[+asked[1]]);
})();
