"""The line to Node: one JSON object a line. What anything else prints goes to stderr."""
import json
import os
import sys
import threading
import traceback


class Wire:
    """Takes stdin and stdout for itself, before an adapter or a user's function can write to them."""

    def __init__(self):
        self._input = os.fdopen(os.dup(0), "rb")
        self._output = os.dup(1)
        self._lock = threading.Lock()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)

    def messages(self):
        """What Node sends, until it closes the line or is gone."""
        for line in self._input:
            yield json.loads(line)

    def send(self, message):
        rest = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            while rest:
                rest = rest[os.write(self._output, rest) :]

    def answer(self, request, work):
        """Sends what `work()` returns, or its exception, as the reply to a request."""
        try:
            self.send({"kind": "reply", "id": request, "result": work()})
        except BaseException as error:  # SystemExit of a user's function too: Node is to know
            self.send({"kind": "reply", "id": request, "error": describe(error)})


class Refusal(Exception):
    """An error whose kind Node knows."""

    def __init__(self, message, **fields):
        super().__init__(message)
        self.fields = fields


def describe(error):
    """An exception as Node gets it: the traceback begins below our own frame."""
    if isinstance(error, Refusal):
        return {"type": "Refusal", "message": str(error), **error.fields}
    own = error.__traceback__.tb_next if error.__traceback__ is not None else None
    lines = traceback.format_exception(type(error), error, own)
    return {
        "type": type(error).__name__,
        # a SyntaxError's text repeats its place
        "message": getattr(error, "msg", None) or str(error),
        "traceback": "".join(lines),
        "place": place_of(error),
    }


def place_of(error):
    """File and line where a user's code failed: of the frames that are not ours or a library's, the last."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_foreign(frame.filename)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None


def is_foreign(path):
    folders = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), sys.prefix, sys.base_prefix)
    return path.startswith(("<", *(folder + os.sep for folder in folders)))
