"""Runs a program before a terminal of so many columns and lines, and tells what came of it: terminal.py COLUMNS LINES
PROGRAM ARGUMENT...

Prints one JSON object: `status`; `frames`, what stood on the screen each time that the program paused; `screen`, what
stands there at the end; `raw`, whether any escape sequence was sent, and `unknown`, those that no frame was drawn by.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


class Screen:
    """As much of a terminal as progress needs: lines, a cursor, and what erases and moves."""

    def __init__(self, columns):
        self.columns, self.lines, self.row, self.column = columns, [""], 0, 0
        self.sequences, self.unknown, self.broken = 0, [], 0

    def feed(self, text):
        place = 0
        while place < len(text):
            match = SEQUENCE.match(text, place)
            if match:
                self.command(match[1], match[2])
                place = match.end()
                continue
            self.character(text[place])
            place += 1

    def command(self, numbers, name):
        self.sequences += 1
        if name == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif name == "J" and numbers in ("", "0"):
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif name != "m":
            self.unknown.append(numbers + name)

    def character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            self.column = 0
        else:
            if self.column >= self.columns:
                self.broken += 1
                self.row, self.column = self.row + 1, 0
            while self.row >= len(self.lines):
                self.lines.append("")
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1
        while self.row >= len(self.lines):
            self.lines.append("")


def main():
    columns, lines = int(sys.argv[1]), int(sys.argv[2])
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.execvp(sys.argv[3], sys.argv[3:])
    screen, frames, pending = Screen(columns), [], b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if not ready:
            frame = "\n".join(screen.lines)
            if not frames or frames[-1] != frame:
                frames.append(frame)
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        pending += data
        # A character or a sequence may come in two pieces.
        begun = re.search(rb"\x1b(\[[0-9;]*)?$", pending)
        whole = pending[:begun.start()] if begun else pending
        try:
            screen.feed(whole.decode())
            pending = pending[len(whole):]
        except UnicodeDecodeError:
            continue
    screen.feed(pending.decode(errors="replace"))
    _, status = os.waitpid(pid, 0)
    json.dump({
        "status": os.waitstatus_to_exitcode(status), "frames": frames, "screen": "\n".join(screen.lines),
        "sequences": screen.sequences, "unknown": screen.unknown, "broken": screen.broken,
    }, sys.stdout)


if __name__ == "__main__":
    main()
