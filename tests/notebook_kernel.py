"""Runs cells in a kernel of Jupyter, in a process of its own, whose loops and sockets end with it.

`python notebook_kernel.py FOLDER` reads a JSON list of cells from standard input. Each is the code
and a file or null: when the file exists, the kernel is interrupted, as by the stop button. It
prints a JSON list of what each cell has shown, by kind. The kernel is reached through the loopback
interface only.
"""

import asyncio
import json
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS = 60  # that a cell may take


def read_outputs(cell: Any) -> dict[str, str]:
    """Return what a cell has shown: text, HTML and errors."""
    shown = {"stdout": "", "stderr": "", "text/plain": "", "text/html": "", "error": ""}
    for output in cell.outputs:
        match output.output_type:
            case "stream":
                shown[output.name] += output.text
            case "execute_result" | "display_data":
                shown.update(output.data)
            case "error":
                shown["error"] = f"{output.ename}: {output.evalue}"
    return shown


def interrupt(manager: Any, file: Path) -> None:
    """Interrupt the kernel when ``file`` exists."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not file.exists():
        time.sleep(0.01)
    asyncio.run(manager.interrupt_kernel())


def main() -> None:
    """Run the cells of standard input."""
    nbclient, nbformat = map(import_module, ("nbclient", "nbformat"))  # without annotations
    folder, given = Path(sys.argv[1]), json.load(sys.stdin)
    cells = [nbformat.v4.new_code_cell(code) for code, _ in given]
    client: Any = nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=SECONDS,
        allow_errors=True, resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    with client.setup_kernel():
        for index, (_, file) in enumerate(given):
            if file:
                threading.Thread(target=interrupt, args=(client.km, folder / file)).start()
            client.execute_cell(cells[index], index)
    json.dump([read_outputs(cell) for cell in cells], sys.stdout)


if __name__ == "__main__":
    main()
