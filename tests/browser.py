"""A headless Chromium, driven over its own protocol: no driver program and no further package is needed."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The browser's program, None where none is installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One page. Messages of its console and failed requests gather in `complaints`."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="retest-browser-", ignore_cleanup_errors=True)
        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--hide-scrollbars", "--remote-debugging-port=0", f"--user-data-dir={self._profile.name}")  # fmt: skip
        self._process = subprocess.Popen([program, *flags, "about:blank"], stderr=subprocess.PIPE, text=True)
        self._numbers = itertools.count(1)
        self._open = ExitStack()
        self.complaints: list[str] = []
        self._is_loaded = False
        self._socket = self._page(self._address())
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _address(self) -> str:
        assert self._process.stderr
        for line in self._process.stderr:
            if "DevTools listening on " in line:
                return line.split(" on ", 1)[1].strip()
        raise RuntimeError("the browser ended before it listened")

    def _page(self, address: str) -> ClientConnection:
        with connect(address, max_size=None, proxy=None) as socket:
            socket.send(json.dumps({"id": 0, "method": "Target.getTargets"}))
            targets = json.loads(socket.recv(timeout=30))["result"]["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        page = f"{address.split('/devtools')[0]}/devtools/page/{target}"
        return self._open.enter_context(connect(page, max_size=None, proxy=None))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command's result; what happens meanwhile is noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            self._note(message)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("warning", "error"):
            self.complaints.append(told["entry"]["text"])
        elif method == "Network.loadingFailed":
            self.complaints.append(told["errorText"])
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "about:")):
            self.complaints.append(f"asked for {told['request']['url']}")
        elif method == "Page.loadEventFired":
            self._is_loaded = True
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {told['message']}")
            self._socket.send(
                json.dumps({"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}})
            )

    def open(self, path: Path, fragment: str = "") -> None:
        """Loads a file, and its script has run. By way of an empty page, so that another fragment loads it anew."""
        for address in ("about:blank", path.resolve().as_uri() + fragment):
            self._is_loaded = False
            self.call("Page.navigate", url=address)
            while not self._is_loaded:
                self._note(json.loads(self._socket.recv(timeout=30)))

    def value(self, script: str) -> Any:
        """What the script comes to, as JSON; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def look(self, width: int, scheme: str = "light", media: str = "", scripts: bool = True) -> None:
        """How the next page is looked at."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """A key, down and up."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF")["data"])

    def close(self) -> None:
        """Ends the browser."""
        self._open.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        if self._process.stderr:
            self._process.stderr.close()
        self._profile.cleanup()
