"""Make a picture of what a command really prints: terminal_picture.py OUT.svg LINES -- COMMAND….

The command runs in a terminal of 100 columns; its colours are kept.
"""

from __future__ import annotations

import io
import os
import pty
import re
import select
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 100


def printed(command: list[str]) -> str:
    """What a command prints to a terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(COLUMNS=str(COLUMNS), LINES="200", TERM="xterm-256color", COLORTERM="truecolor")
        os.execvp(command[0], command)  # noqa: S606 - the command is the caller's own
    chunks: list[bytes] = []
    while select.select([terminal], [], [], 60)[0]:
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:  # Linux says so when the child has closed its end
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.waitpid(child, 0)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def main() -> None:
    """Run the command and write the picture."""
    out, lines, _, *command = sys.argv[1:]
    shown = "\n".join(printed(command).splitlines()[: int(lines)])
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ " + " ".join([Path(command[0]).name, *command[1:]]), style="bold"))
    console.print(Text.from_ansi(shown))
    title = f"everycall {command[1]}" if len(command) > 1 else "everycall"
    picture = console.export_svg(title=title)
    # Nothing is fetched when somebody looks at it: the reader's own fixed-width font will do.
    picture = re.sub(r"@font-face \{.*?\}\n", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    Path(out).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
