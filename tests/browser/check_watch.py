"""Opens the page of `bellows watch --html` in headless Chromium while the log grows.

usage: check_watch.py PATH-OF-bellows_report_test PATH-OF-bellows [FOLDER-FOR-SCREENSHOTS]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from check_report import CONTRAST, PAINTED
from webdriver import Browser, installed


def main():
    problems = []

    def check(condition, what):
        if not condition:
            problems.append(what)

    shots = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as name:
        log = pathlib.Path(name) / "growing.trials"
        writer = subprocess.Popen([sys.argv[1], "--gtest_filter=WatchPage.WritesALogForTheBrowser", "--gtest_brief=1"],
                                  env=dict(os.environ, BELLOWS_BROWSER_LOG=str(log)), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(200):
            if log.exists():
                break
            time.sleep(0.05)
        watch = subprocess.Popen([sys.argv[2], "watch", "--html", "0", "--mu", "0.01", "--interval", "0.2", str(log)], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        try:
            url = re.search(r"http://\S+", watch.stderr.readline()).group(0)
            with Browser() as browser:
                browser.open(url)
                headline = lambda: browser.run("return document.getElementById('headline').textContent")
                progress = lambda: browser.run("return document.getElementById('progress').textContent")
                check(headline() == "No trials yet", f"empty log: {headline()}")
                writer.stdin.write(b"6\n")
                writer.stdin.flush()
                check(wait(lambda: progress().startswith("120,000 trials")), f"six blocks: {progress()}")
                for chart in browser.run(PAINTED):
                    check(chart["painted"] > 500 and chart["data"] > 30, f"chart {chart} is not drawn")
                facts = browser.run("return document.getElementById('facts').innerText")
                check("S (95 %)" in facts and "share of trials won" in facts and "NaN" not in facts, f"facts: {facts}")
                check(browser.run("return document.querySelectorAll('#alarms .banner').length") == 0, "an alarm too early")
                writer.stdin.write(b"-4\n")
                writer.stdin.flush()
                check(wait(lambda: "drift" in browser.run("return document.getElementById('alarms').textContent")), "no drift alarm")
                for width, dark in ((1280, False), (1280, True), (400, False), (400, True)):
                    browser.width(width)
                    browser.dark(dark)
                    time.sleep(0.2)
                    for bad in browser.run(CONTRAST):
                        problems.append(f"watch, {width}: contrast of {bad}")
                    wide = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")
                    check(wide[0] <= wide[1], f"watch: {wide[0]} wide in a window of {wide[1]}")
                    if shots:
                        browser.screenshot(shots / f"watch-{width}-{'dark' if dark else 'light'}.png")
                writer.stdin.close()
                check(wait(lambda: headline() == "The log is complete"), f"complete: {headline()}")
                for message in browser.messages():
                    problems.append(f"console: {message['message']}")
                watch.terminate()
                watch.wait()
                check(wait(lambda: "no longer answers" in browser.run("return document.getElementById('connection').textContent")), "silence is not told")
        finally:
            watch.kill()
            writer.stdin.close()
            writer.wait()
    for problem in problems:
        print("FAILED:", problem)
    return 1 if problems else 0


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    if not installed():
        print("SKIPPED: chromium or chromedriver is not installed")
        sys.exit(77)
    sys.exit(main())
