"""`charrnn` for tests of shell scripts with many commands: started once, and forked for each.

`python quick_program.py FOLDER` writes a program ``charrnn`` to FOLDER and serves it. The program
hands its arguments, folder, environment and standard streams to the server, which has loaded all
modules, and ends with the exit code that it gets back. The language is that of the server.
"""

import importlib
import os
import pkgutil
import signal
import socket
import sys
from ast import literal_eval
from pathlib import Path

CLIENT = """#!{python} -IS
import os, socket, sys
request = repr((os.getcwd(), sys.argv[1:], dict(os.environ))).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"%20d" % len(request)], [0, 1, 2])
    server.sendall(request)
    code = server.recv(10)
    sys.exit(int(code) if code else 1)
"""


def load_all_modules() -> None:
    """Import everything that a command may need, so that a fork needs no time for it."""
    import charrnn
    from charrnn.cli.user_language import choose_language

    choose_language()  # the commands word their help when they are imported
    for module in pkgutil.walk_packages(charrnn.__path__, "charrnn."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("matplotlib.figure")
    importlib.import_module("matplotlib.font_manager")
    importlib.import_module("matplotlib.backends.backend_agg")


def answer(connection: socket.socket) -> None:
    """Run a command in this process, which ends with it."""
    from charrnn.cli.main import main

    size, streams, _, _ = socket.recv_fds(connection, 20, 3)
    request = b""
    while len(request) < int(size):
        request += connection.recv(65536)
    folder, arguments, environment = literal_eval(request.decode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["charrnn", *arguments]
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(str(end.code or 0).encode())
    os._exit(0)


def serve(folder: Path) -> None:
    """Serve commands until this process is ended."""
    address = folder / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        client = folder / "charrnn"
        client.write_text(CLIENT.format(python=sys.executable, address=str(address)))
        client.chmod(0o755)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        load_all_modules()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a command's process
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                answer(connection)
            connection.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
