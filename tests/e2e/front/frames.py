"""Judges the WebSocket of a link, frame by frame, as Autobahn's cases 1 to 7 and 10 do; with
wsproto, which shares no code with ours, for what is legal and for what is answered.

    frames.py HOST:PORT TOKEN

Every case is a connection of its own. Prints those that fail, and `N good` in the end.
"""
import socket
import struct
import sys

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Pong, Request
from wsproto.events import BytesMessage
from wsproto.frame_protocol import FrameProtocol, Opcode

# A server that does not answer for so long never will.
PATIENCE = 20
DEVICE = "01900000-0000-7000-8000-{:012x}"
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, reserved=0, masked=True, length=None):
    """A frame with anything in it, legal or not."""
    size = len(payload) if length is None else length
    head = bytes([fin << 7 | reserved << 4 | opcode])
    mask = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 1 << 16:
        head += bytes([mask | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", size)
    key = b"\x01\x02\x03\x04"
    if not masked:
        return head + payload
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def field(number, value):
    """One field of a protobuf message."""
    varint = lambda it: bytes([it]) if it < 128 else bytes([it & 127 | 128]) + varint(it >> 7)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def hello(case, padding=0):
    """What a device says first. A field that nobody knows is no reason to refuse it."""
    user = field(1, b"root") + field(2, 1)
    facts = field(1, 1) + field(2, b"x86_64") + field(5, user) + field(6, 1)
    said = field(1, DEVICE.format(case).encode()) + field(2, 1) + field(3, 1) + field(4, b"0")
    said += field(5, facts)
    if padding:
        said += field(99, bytes(padding))
    return field(1, said)


class Link:
    """A connection that has become a WebSocket."""

    def __init__(self, address, token):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self.wire = WSConnection(ConnectionType.CLIENT)
        bearer = [(b"Authorization", f"Bearer {token}".encode())]
        asked = Request(host=address, target="/api/v1/link", extra_headers=bearer)
        self.socket.sendall(self.wire.send(asked))
        first = next(self.events())
        assert isinstance(first, AcceptConnection), first

    def say(self, *frames):
        for it in frames:
            try:
                self.socket.sendall(it)
            except OSError:
                # The server may be through with us before we are with it.
                return

    def events(self):
        """What the server says, until it is gone."""
        while True:
            yield from self.wire.events()
            try:
                heard = self.socket.recv(65536)
            except ConnectionResetError:
                heard = b""
            if not heard:
                return
            self.wire.receive_data(heard)

    def answer(self):
        """What a case is judged by: pongs, messages, and how it ends."""
        for event in self.events():
            if isinstance(event, Pong):
                yield ("pong", bytes(event.payload))
            elif isinstance(event, BytesMessage):
                # ToDevice.welcome is field 1, a refusal is ToDevice.error, field 11.
                yield ("welcome",) if event.data[:1] == b"\x0a" else ("told",)
            elif isinstance(event, CloseConnection):
                yield ("close", event.code)
                return
            elif not isinstance(event, Ping):
                yield ("unexpected", repr(event))
        yield ("gone",)


def in_pieces(message, size):
    """A message in fragments."""
    parts = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    last = len(parts) - 1
    return [frame(CONT if at else BINARY, it, fin=at == last) for at, it in enumerate(parts)]


def by_wsproto(message):
    return bytes(FrameProtocol(True, []).send_data(message, fin=True))


def closing(code, reason=b""):
    return frame(CLOSE, struct.pack("!H", code) + reason)


def cases():
    """Each: its name, what is sent, and what has to be answered, in this order."""
    number = 0

    def case(name, sent, *expected):
        return (name, sent, list(expected))

    def greeting(padding=0):
        nonlocal number
        number += 1
        return hello(number, padding)

    welcome, violation = ("welcome",), ("close", 1002)
    # 1: messages of every length of a length.
    for padding in (0, 200, 65_536, 200_000):
        yield case(f"1 a message and {padding} bytes", [by_wsproto(greeting(padding))], welcome)
    # 2: pings and pongs.
    for size in (0, 1, 125):
        yield case(f"2 ping of {size}", [frame(PING, b"\xfe" * size)], ("pong", b"\xfe" * size))
    yield case("2 ping of 126", [frame(PING, bytes(126))], violation)
    yield case("2 pong nobody asked for", [frame(PONG, b"x"), frame(PING, b"y")], ("pong", b"y"))
    ten = [b"%d" % it for it in range(10)]
    yield case("2 ten pings", [frame(PING, it) for it in ten], *[("pong", it) for it in ten])
    slowly = [bytes([byte]) for byte in frame(PING, b"slow")]
    yield case("2 a ping byte by byte", slowly, ("pong", b"slow"))
    # 3: reserved bits.
    for reserved in range(1, 8):
        for opcode in (BINARY, TEXT, PING, CLOSE):
            sent = [frame(opcode, b"", reserved=reserved)]
            yield case(f"3 reserved {reserved} of {opcode}", sent, violation)
    # 4: opcodes that mean nothing.
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield case(f"4 opcode {opcode}", [frame(opcode, b"x")], violation)
    # 5: fragments.
    for opcode in (PING, PONG, CLOSE):
        yield case(f"5 {opcode} in fragments", [frame(opcode, b"x", fin=False)], violation)
    first, *others = in_pieces(greeting(), 7)
    between = [first, frame(PING, b"between"), *others]
    yield case("5 a ping between fragments", between, ("pong", b"between"), welcome)
    yield case("5 fragments of nothing", [frame(BINARY, fin=False), *[frame(CONT, fin=False)] * 9,
               frame(CONT, greeting())], welcome)
    yield case("5 goes on with nothing", [frame(CONT, b"x")], violation)
    yield case("5 goes on with nothing, and on", [frame(CONT, b"x", fin=False)], violation)
    twice = [frame(BINARY, b"a", fin=False), frame(BINARY, b"b")]
    yield case("5 begins again in between", twice, violation)
    # 6: text, which is not spoken here.
    yield case("6 text", [frame(TEXT, "μ".encode())], ("close", 1003))
    yield case("6 text that is none", [frame(TEXT, b"\xce\xba\xed\xa0\x80")], ("close", 1007))
    # 7: how it ends.
    yield case("7 close with nothing", [frame(CLOSE)], ("close", 1005))
    yield case("7 close with one byte", [frame(CLOSE, b"x")], violation)
    yield case("7 close with a reason", [closing(1000, b"r" * 123)], ("close", 1000))
    yield case("7 close with too long a reason", [closing(1000, b"r" * 124)], violation)
    after = [closing(1000), frame(PING, b"after")]
    yield case("7 a ping after the end", after, ("close", 1000))
    yield case("7 closed twice", [closing(1000), closing(1000)], ("close", 1000))
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield case(f"7 code {code}", [closing(code)], ("close", code))
    for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535):
        yield case(f"7 code {code} that is none", [closing(code)], violation)
    # 9: what is too large is refused by what it says of itself.
    yield case("9 a frame of 4 EiB", [frame(BINARY, b"", length=1 << 62)], ("close", 1009))
    yield case("9 a message too large", [by_wsproto(bytes(300_000))], ("close", 1009))
    pieces = in_pieces(bytes(300_000), 60_000)
    yield case("9 a message too large in pieces", pieces, ("close", 1009))
    # 10: fragmented by what carries it.
    yield case("10 in pieces of 1300", in_pieces(greeting(65_536), 1_300), welcome)
    # What no side does that means well.
    yield case("not masked", [frame(BINARY, b"x", masked=False)], violation)
    yield case("a ping that is not masked", [frame(PING, b"x", masked=False)], violation)
    yield case("a flood of pongs", [frame(PONG)] * 1_000, ("close", 1008))


def main(address, token):
    good, bad = 0, 0
    for name, sent, expected in cases():
        link = Link(address, token)
        link.say(*sent)
        heard = []
        try:
            for answer in link.answer():
                heard.append(answer)
                if len(heard) == len(expected):
                    break
        except Exception as error:
            heard.append(("failed", repr(error)))
        link.socket.close()
        if heard == expected:
            good += 1
        else:
            bad += 1
            print(f"{name}: {heard} instead of {expected}")
    print(f"{good} good" if not bad else f"{bad} bad")


main(*sys.argv[1:])
