"""A real Chromium, without a window: what a page says of itself in frames of several widths."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WHY = "no chromium and no google-chrome here"
WIDTHS = (400, 800, 1400)
FRAME = '<iframe src="page.html" width="{}" height="900" style="border:0"></iframe>'
_FRAMES = """<!doctype html><body><script>
addEventListener("message", (event) => {
  document.body.insertAdjacentHTML("beforeend", `<pre>${JSON.stringify(event.data)}</pre>`);
});
</script>%s</body>"""


def chromium(*arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=20000"]
    command = [str(CHROMIUM), *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)


def messages(run: subprocess.CompletedProcess[str]) -> list[str]:
    """What scripts wrote to the console, errors included."""
    return [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def seen_at_widths(html: str, script: str, folder: Path) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """What a script in the page posts to its parent, by the width of the window, and the console."""
    (folder / "page.html").write_text(html.replace("</body>", f"{script}</body>"), encoding="utf-8")
    (folder / "frames.html").write_text(_FRAMES % "".join(map(FRAME.format, WIDTHS)), encoding="utf-8")
    run = chromium("--dump-dom", "--window-size=1600,1200", f"file://{folder}/frames.html")
    found = [json.loads(text) for text in re.findall(r'<pre>({"width.*?)</pre>', run.stdout)]
    return {each["width"]: each for each in found}, messages(run)
