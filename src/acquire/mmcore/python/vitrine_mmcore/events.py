"""Events that an image processor asks for."""
import itertools
import queue

from .plain import plain


class EventQueue:
    """What a processor of three parameters gets. Its `put` sends at once, from any thread."""

    def __init__(self, events):
        self._events = events

    def put(self, events, block=True, timeout=None):
        """One event, a list or tuple of events, an iterator of events that Node runs as it needs them, or None: no more."""
        self._events.send(events)

    def put_nowait(self, events):
        self.put(events)


class Events:
    """Runs generators of events one event at a time, beside the processor, so that a slow image does not hold them up."""

    def __init__(self, wire):
        self.wire = wire
        self.messages = queue.Queue()
        self._generators = {}
        self._numbers = itertools.count(1)

    def run(self):
        for message in iter(self.messages.get, None):
            work = getattr(self, message["kind"])
            self.wire.answer(message["id"], lambda: work(message))

    def send(self, events):
        if hasattr(events, "__next__"):
            number = next(self._numbers)
            self._generators[number] = events
            self.wire.send({"kind": "put", "generator": number})
        else:
            self.wire.send({"kind": "put", "events": None if events is None else checked(events)})

    def pull(self, message):
        """The next event of a generator; None at its end."""
        for event in self._generators.get(message["generator"], iter(())):
            return checked(event)
        return None

    def forget(self, message):
        generator = self._generators.pop(message["generator"], None)
        if hasattr(generator, "close"):
            generator.close()


def checked(events):
    """Events as JSON; what is no event raises where it was put."""
    for event in events if isinstance(events, (list, tuple)) else [events]:
        if not isinstance(event, dict):
            raise TypeError(f"expected an event (a dict), a list of events, an iterator or None, found a {type(event).__name__}")
    return plain(events, "event")
