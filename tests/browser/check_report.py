"""Opens the pages of a passed, an aborted, a tampered and two tiny runs in headless Chromium and looks at them.

usage: check_report.py PATH-OF-bellows_report_test [FOLDER-FOR-SCREENSHOTS]
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from webdriver import Browser, installed

VERDICTS = {"passed": ("certified", "118,000 certified random bits"), "aborted": ("refused", "No bits certified"),
            "tampered": ("mismatch", "This run does not match its certificate"),
            "alone": ("incomplete", "A certificate alone: nothing was compared"), "one": ("refused", "No bits certified"),
            "none": ("refused", "No bits certified")}

# Contrast of every element that has text of its own, against the colour that is painted behind it (WCAG 2).
CONTRAST = """
const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); };
const parse = text => { const m = text.match(/[\\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
const light = c => 0.2126 * channel(c.r) + 0.7152 * channel(c.g) + 0.0722 * channel(c.b);
const bad = [];
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const box = element.getBoundingClientRect();
  if (!own || box.width === 0 || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)) continue;
  let behind = element, back = parse(getComputedStyle(behind).backgroundColor);
  while (back.a < 1 && behind.parentElement) { behind = behind.parentElement; back = parse(getComputedStyle(behind).backgroundColor); }
  if (back.a < 1) back = { r: 255, g: 255, b: 255 };
  const one = light(parse(getComputedStyle(element).color)), two = light(back);
  const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  if (ratio < 4.5) bad.push(element.tagName + '.' + element.className + ' "' + element.textContent.trim().slice(0, 30) + '" ' + ratio.toFixed(2));
}
return bad;
"""

# Pixels of each chart, and of these the ones in a colour that only data has.
PAINTED = """
const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const wanted = ['mark', 'mean', 'step'].map(name => {
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--' + name);
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data];
});
return [...document.querySelectorAll('figure[data-chart]')].map(figure => {
  let painted = 0, data = 0;
  for (const canvas of figure.querySelectorAll('canvas')) {
    if (!canvas.width || !canvas.height) continue;
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 0) {
      painted++;
      if (wanted.some(w => Math.abs(w[0] - pixels[i]) + Math.abs(w[1] - pixels[i + 1]) + Math.abs(w[2] - pixels[i + 2]) < 12)) data++;
    }
  }
  return { name: figure.dataset.chart, painted, data, text: figure.querySelector('.chart').textContent };
});
"""


def main():
    problems = []

    def check(condition, what):
        if not condition:
            problems.append(what)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
        subprocess.run([sys.argv[1], "--gtest_filter=HtmlReport.WritesPagesForTheBrowser", "--gtest_brief=1"], check=True,
                       env=dict(os.environ, BELLOWS_BROWSER_PAGES=name), stdout=subprocess.DEVNULL)
        with Browser() as browser:
            for run, (verdict, words) in VERDICTS.items():
                for dark in (False, True):
                    browser.dark(dark)
                    for width in (1280, 400):
                        browser.width(width)
                        start = time.monotonic()
                        browser.open((folder / run / "report.html").as_uri())
                        ready = browser.run("return [document.documentElement.dataset.ready, performance.now()]")
                        where = f"{run}, {width} pixels, {'dark' if dark else 'light'}"
                        check(ready[0] == "true", f"{where}: the script did not finish")
                        busy = browser.run("const t = performance.timing; return t.loadEventEnd - t.navigationStart")
                        check(busy < 5000, f"{where}: interactive after {busy} ms")
                        if width == 1280 and not dark:
                            print(f"{run}: loaded in {busy} ms ({time.monotonic() - start:.2f} s with the driver)")
                        check(browser.run("return document.querySelector('.verdict').dataset.verdict") == verdict, f"{where}: verdict")
                        check(browser.run("return document.querySelector('h1').textContent") == words, f"{where}: heading")
                        wide = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")
                        check(wide[0] <= wide[1], f"{where}: the page is {wide[0]} wide in a window of {wide[1]}")
                        for bad in browser.run(CONTRAST):
                            problems.append(f"{where}: contrast of {bad}")
                        charts = browser.run(PAINTED)
                        check(run in ("none",) or charts, f"{where}: no charts")
                        for chart in charts:
                            empty = chart["text"].startswith("No block has a value") and run == "one"
                            check(empty or (chart["painted"] > 500 and chart["data"] > 30), f"{where}: chart {chart} is not drawn")
                        text = browser.run("return document.body.innerText")
                        for word in ("NaN", "undefined", "Infinity", "[object"):
                            check(word not in text, f"{where}: '{word}' on the page")
                        if shots:
                            browser.screenshot(shots / f"{run}-{width}-{'dark' if dark else 'light'}.png")
                        for message in browser.messages():
                            problems.append(f"{where}: console: {message['message']}")
            browser.width(1280)
            browser.open((folder / "passed" / "report.html").as_uri())
            keyboard(browser, check)
            browser.open((folder / "passed" / "report.html").as_uri())
            printed(browser, check)
            browser.open((folder / "passed" / "report.public.html").as_uri())
            text = browser.run("return document.body.textContent")
            check("by block" not in text.split("{")[0], "the public page shows blocks")
            for message in browser.messages():
                problems.append(f"public: console: {message['message']}")
    for problem in problems:
        print("FAILED:", problem)
    return 1 if problems else 0


def keyboard(browser, check):
    """Every control can be reached with Tab, charts are read with arrows, zoomed with + and set back with 0."""
    wanted = browser.run("return document.querySelectorAll('button, .chart[tabindex], canvas[tabindex], a[href], .table[tabindex]').length")
    seen = set()
    for _ in range(wanted + 5):
        browser.keys("\ue004")
        seen.add(browser.run("""const e = document.activeElement; if (!e || e === document.body) return 'body';
            return e.tagName + [...document.querySelectorAll('*')].indexOf(e)"""))
    seen.discard("body")
    check(len(seen) >= wanted, f"Tab reaches {len(seen)} of {wanted} controls")
    browser.run("document.querySelector('figure[data-chart=S] .chart').focus()")
    before = browser.run("return document.querySelector('figure[data-chart=S] .readout').textContent")
    browser.keys("\ue014\ue014")
    after = browser.run("return document.querySelector('figure[data-chart=S] .readout').textContent")
    check(before != after and after.startswith("block 1:"), f"arrows read a point, got '{after}'")
    full = browser.run("return bellows.drawn.S.chart.xAxisRange()")
    browser.keys("++")
    zoomed = browser.run("return bellows.drawn.S.chart.xAxisRange()")
    check(zoomed[1] - zoomed[0] < (full[1] - full[0]) * 0.3, "+ zooms")
    browser.keys("0")
    check(abs(browser.run("return bellows.drawn.S.chart.xAxisRange()")[1] - full[1]) < 1, "0 goes back")
    browser.run("""window.saved = null; const make = URL.createObjectURL; URL.createObjectURL = blob => { window.saved = blob; return make(blob); };
        document.querySelector('figure[data-chart=S] [data-do=csv]').click()""")
    size = browser.run("return window.saved ? window.saved.size : 0")
    check(size > 1000, f"CSV of {size} bytes")
    browser.run("document.querySelector('figure[data-chart=waterfall] [data-do=close]').click()")
    check(browser.run("return document.querySelector('[data-do=close]').getAttribute('aria-pressed')") == "true", "close up")


def printed(browser, check):
    """On paper: dark ink on white whatever the screen has, every chart drawn anew, no buttons."""
    browser.devtools("Emulation.setEmulatedMedia", {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    check(browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "print: the paper is not white")
    for bad in browser.run(CONTRAST):
        check(False, f"print: contrast of {bad}")
    for chart in browser.run(PAINTED):
        check(chart["painted"] > 500 and chart["data"] > 30, f"print: chart {chart} is not drawn")
    check(browser.run("return [...document.querySelectorAll('button')].filter(b => b.offsetParent !== null).length") == 0, "print: buttons on paper")
    check(browser.run("return [...document.querySelectorAll('.chart')].every(c => c.scrollWidth <= 602)"), "print: a chart is wider than paper")
    check(browser.run("return [...document.querySelectorAll('.chart canvas + canvas')].every(c => getComputedStyle(c).display === 'none')"),
          "print: an empty canvas lies over a chart, which prints as white")
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    check(browser.run("return [...document.querySelectorAll('.chart')].every(c => c.style.width === '')"), "print: charts stay narrow")
    browser.devtools("Emulation.setEmulatedMedia", {"media": "", "features": []})


if __name__ == "__main__":
    if not installed():
        print("SKIPPED: chromium or chromedriver is not installed")
        sys.exit(77)
    sys.exit(main())
