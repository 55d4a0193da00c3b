#!/usr/bin/env python3
"""Runs a command at a terminal of its own, as a person does, and follows a script on standard input, a step a line:

  expect TEXT   reads until TEXT has come, beyond what the last one found
  send TEXT     types; with the escapes of Python's strings, such as \\n and \\x03
  raw           the command has the terminal without echo, line editing and signals by now
  signal NAME   sends the command a signal, such as TERM
  hangup        closes the window
  end           waits until the command has ended: prints "ended CODE" (a signal's number is negative) and "restored" or "changed", of the terminal's settings

Prints the screen to standard error. Ends with 1 where something does not come within a minute.
"""
import fcntl, os, select, signal, subprocess, sys, termios, time

PATIENCE = 60
master, slave = os.openpty()
before = termios.tcgetattr(slave)
screen, seen = b"", 0


def at_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def until(what, reached):
    """Waits for it, showing what the command writes meanwhile."""
    global screen
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            sys.exit(f"\nwaited {PATIENCE} s in vain: {what}")
        if master is None:
            time.sleep(0.05)
        elif select.select([master], [], [], 0.05)[0]:
            part = os.read(master, 4096)
            screen += part
            sys.stderr.buffer.write(part)
            sys.stderr.flush()


def is_raw():
    flags = termios.tcgetattr(slave)[3]
    return not flags & (termios.ECHO | termios.ICANON | termios.ISIG)


def found(text):
    global seen
    at = screen.find(text, seen)
    if at >= 0:
        seen = at + len(text)
    return at >= 0


command = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=at_terminal)
try:
    for line in sys.stdin:
        step, _, text = line.rstrip("\n").partition(" ")
        text = text.encode().decode("unicode_escape").encode("latin-1")
        if step == "expect":
            until(line, lambda: found(text))
        elif step == "send":
            os.write(master, text)
        elif step == "raw":
            until(line, is_raw)
        elif step == "signal":
            command.send_signal(getattr(signal, "SIG" + text.decode()))
        elif step == "hangup":
            os.close(slave)
            os.close(master)
            master = slave = None
        elif step == "end":
            until(line, lambda: command.poll() is not None)
            print("ended", command.returncode)
            if slave is not None:
                print("restored" if termios.tcgetattr(slave) == before else "changed")
        else:
            sys.exit(f"{step} is no step")
finally:
    if command.poll() is None:
        command.kill()
        command.wait()
