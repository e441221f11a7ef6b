"""Runs cells in a kernel of Jupyter, in a process of its own, whose loops and sockets end with it.

`python notebook_kernel.py FOLDER` reads a JSON list of cells from standard input. Each is the code
and a file or null: when the file exists, the kernel is interrupted, as by the stop button. It
prints a JSON list of what each cell has shown, by kind. The kernel is reached through the loopback
interface only.
"""

import json
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS = 60.0  # that a cell may take


def run_cell(client: Any, code: str) -> dict[str, str]:
    """Run a cell, and return what it shows: text, HTML and errors."""
    shown = {"stdout": "", "stderr": "", "text/plain": "", "text/html": "", "error": ""}

    def keep(message: dict[str, Any]) -> None:
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                shown[content["name"]] += content["text"]
            case "execute_result" | "display_data":
                shown.update(content["data"])
            case "error":
                shown["error"] = f"{content['ename']}: {content['evalue']}"

    client.execute_interactive(code, timeout=SECONDS, output_hook=keep)
    return shown


def interrupt(manager: Any, file: Path) -> None:
    """Interrupt the kernel when ``file`` exists."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not file.exists():
        time.sleep(0.01)
    manager.interrupt_kernel()


def main() -> None:
    """Run the cells of standard input."""
    jupyter_client: Any = import_module("jupyter_client")  # which comes with ipykernel
    folder = Path(sys.argv[1])
    manager = jupyter_client.KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        shown = []
        for code, file in json.load(sys.stdin):
            if file:
                threading.Thread(target=interrupt, args=(manager, folder / file)).start()
            shown.append(run_cell(client, code))
        json.dump(shown, sys.stdout)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
