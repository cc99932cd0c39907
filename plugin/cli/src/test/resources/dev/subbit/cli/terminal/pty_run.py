"""Runs a command in a pseudo terminal and copies what it prints there: pty_run.py COLUMNS PATTERN COMMAND...

Presses Ctrl-C when the screen has what the regular expression PATTERN matches, where that is not empty. Exits as the
command does, with 128 and the number for a signal.
"""

import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios

columns, pattern, command = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3:]
size = struct.pack("HHHH", 24, columns, 0, 0)
child, terminal = pty.fork()
if child == 0:
    # Whoever started this in the background may have told it to ignore Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execvp(command[0], command)
screen = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # Linux says so where the other side is closed
        break
    if not piece:
        break
    screen += piece
    if pattern and re.search(pattern, screen):
        os.write(terminal, b"\x03")
        pattern = b""
sys.stdout.buffer.write(screen)
status = os.waitpid(child, 0)[1]
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
